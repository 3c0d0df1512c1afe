// What stands on the stage: which pictures are large, which are small, who is
// on this page, and where oneself is. Pure; lib/layout.js then says where.
import { floating, grid, pageSize, paginate, speaker } from './layout.js';

/** @typedef {import('./layout.js').Rect} Rect */

/** Height of the page control with its margin, CSS pixels. */
const PAGER = 58;

/**
 * @typedef {object} Scene
 * @property {number} width
 * @property {number} height
 * @property {readonly string[]} cameras keys of others' cameras in their order
 * @property {readonly string[]} screens keys of others' shared screens
 * @property {string} self key of one's own camera
 * @property {'auto' | 'tile' | 'float' | 'hidden'} selfView
 * @property {'tl' | 'tr' | 'bl' | 'br'} corner
 * @property {'auto' | 'grid' | 'speaker'} layout
 * @property {readonly string[]} pins keys, those that are there
 * @property {string} speaker key of who stands large in speaker view
 * @property {number} page
 */

/**
 * @typedef {object} Placed
 * @property {string} key
 * @property {Rect} rect
 * @property {'main' | 'small' | 'float'} role
 */

/**
 * @typedef {object} Plan
 * @property {Placed[]} placed
 * @property {number} page
 * @property {number} pages
 */

/** Which keys stand large; none means a grid. @param {Scene} scene */
export function mainsOf({ pins, screens, layout, speaker, cameras }) {
  if (pins.length) return [...pins];
  if (screens.length) return layout === 'grid' ? [] : [...screens];
  if (layout === 'speaker' && cameras.length) return [cameras.includes(speaker) ? speaker : cameras[0]];
  return [];
}

/**
 * Where oneself is seen: with one other person small in a corner, with more as
 * a tile among them.
 * @param {Scene} scene
 * @returns {'tile' | 'float' | 'hidden'}
 */
export function selfPlace({ selfView, cameras, screens, pins, self, width, height, layout }) {
  if (pins.includes(self)) return 'hidden'; // stands large already
  const alone = !cameras.length && !screens.length && !pins.length;
  if (alone) return selfView === 'hidden' ? 'hidden' : 'tile';
  if (selfView !== 'auto') return selfView;
  const phone = width < 560 || height < 340;
  if (phone && height > width && screens.length && !pins.length && layout !== 'grid') return 'tile'; // there is room below the screen
  if (phone) return cameras.length <= 2 || screens.length || pins.length || layout === 'speaker' ? 'float' : 'tile';
  return cameras.length === 1 && !screens.length && !pins.length ? 'float' : 'tile';
}

/**
 * @param {Scene} scene
 * @returns {Plan}
 */
export function plan(scene) {
  const { self, corner } = scene;
  const place = selfPlace(scene);
  const mains = mainsOf(scene);
  const large = new Set(mains);
  const rest = [...scene.screens, ...(place === 'tile' ? [self] : []), ...scene.cameras].filter((key) => !large.has(key));
  const body = lay(scene, mains, rest);
  if (place !== 'float') return body;
  const box = bounds(body.placed.filter((p) => p.role === (mains.length ? 'main' : 'small')));
  const rect = floating({ ...box, corner });
  return { ...body, placed: [...body.placed, { key: self, rect: { ...rect, x: rect.x + box.x, y: rect.y + box.y }, role: 'float' }] };
}

/**
 * With several pages, room is left below for turning them.
 * @param {Scene} scene @param {string[]} mains @param {string[]} rest @returns {Plan}
 */
function lay(scene, mains, rest) {
  const of = (/** @type {Scene} */ s) => (mains.length ? speakerPlan(s, mains, rest) : gridPlan(s, rest));
  const whole = of(scene);
  return whole.pages > 1 && scene.height > 3 * PAGER ? of({ ...scene, height: scene.height - PAGER }) : whole;
}

/** The rectangle around rectangles. @param {Placed[]} placed @returns {Rect} */
function bounds(placed) {
  const x = Math.min(...placed.map(({ rect: r }) => r.x));
  const y = Math.min(...placed.map(({ rect: r }) => r.y));
  return { x, y, width: Math.max(...placed.map(({ rect: r }) => r.x + r.width)) - x, height: Math.max(...placed.map(({ rect: r }) => r.y + r.height)) - y };
}

/** @param {Scene} scene @param {string[]} keys @returns {Plan} */
function gridPlan({ width, height, page: wanted }, keys) {
  const { items, page, pages } = paginate(keys, pageSize(width, height), wanted);
  const { tiles } = grid({ width, height, count: items.length });
  return { placed: items.map((key, i) => ({ key, rect: tiles[i], role: 'small' })), page, pages };
}

/** @param {Scene} scene @param {string[]} mains @param {string[]} rest @returns {Plan} */
function speakerPlan({ width, height, page: wanted, pins }, mains, rest) {
  const lying = mains.every((key) => key.endsWith('/screen'));
  const anyShape = mains.length === 1 && (lying || pins.length === 0);
  const { stripSize } = speaker({ width, height, mains: mains.length, others: rest.length, anyShape, lying });
  const { items, page, pages } = paginate(rest, Math.max(1, stripSize), wanted);
  const at = speaker({ width, height, mains: mains.length, others: items.length, anyShape, lying });
  return {
    placed: [
      ...mains.map((key, i) => ({ key, rect: at.mains[i], role: /** @type {const} */ ('main') })),
      ...items.map((key, i) => ({ key, rect: at.others[i], role: /** @type {const} */ ('small') })),
    ],
    page,
    pages,
  };
}
