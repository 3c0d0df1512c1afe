// The drawing on the first page: four people in a meeting.
import { svg } from '../lib/html.js';
import { msg } from '../lib/i18n.js';

const PEOPLE = [
  { x: 0, y: 0, skin: '#e8b48f', hair: '#3a2a22', cloth: '#2f8f83', room: 'a' },
  { x: 1, y: 0, skin: '#8d5a3c', hair: '#1b1513', cloth: '#d0874a', room: 'b' },
  { x: 0, y: 1, skin: '#f0c9a8', hair: '#a4612c', cloth: '#6a62b8', room: 'c' },
  { x: 1, y: 1, skin: '#c98d63', hair: '#22222b', cloth: '#b3475c', room: 'd' },
];
const WIDTH = 232;
const HEIGHT = 152;
const GAP = 14;

/** @param {typeof PEOPLE[number]} person @param {number} i */
function tile({ x, y, skin, hair, cloth, room }, i) {
  const left = x * (WIDTH + GAP);
  const top = y * (HEIGHT + GAP);
  const cx = left + WIDTH / 2;
  const cy = top + 66;
  const clip = `scene-clip-${i}`;
  return svg(
    'g',
    null,
    svg('clipPath', { id: clip }, svg('rect', { x: left, y: top, width: WIDTH, height: HEIGHT, rx: 16 })),
    svg('rect', { class: `scene-bg scene-${room}`, x: left, y: top, width: WIDTH, height: HEIGHT, rx: 16 }),
    svg(
      'g',
      { 'clip-path': `url(#${clip})` },
      svg('path', { fill: cloth, d: `M${cx - 66} ${top + HEIGHT + 4}c4-40 32-56 66-56s62 16 66 56Z` }),
      svg('rect', { fill: skin, x: cx - 12, y: cy + 22, width: 24, height: 26, rx: 11 }),
      i % 2 ? svg('path', { fill: hair, d: `M${cx - 36} ${cy + 30}V${cy - 4}a36 36 0 0 1 72 0v34Z` }) : null,
      svg('ellipse', { fill: skin, cx, cy, rx: 29, ry: 33 }),
      svg('path', { fill: hair, d: `M${cx - 31} ${cy - 4}c-2-26 14-38 31-38s33 12 31 38c-6-10-14-16-22-17-12 6-28 6-40 17Z` }),
      svg('path', { class: 'scene-face', d: `M${cx - 11} ${cy + 1}v3M${cx + 11} ${cy + 1}v3M${cx - 9} ${cy + 15}q9 7 18 0` }),
    ),
    i === 1 ? svg('rect', { class: 'scene-ring', x: left + 1.5, y: top + 1.5, width: WIDTH - 3, height: HEIGHT - 3, rx: 15 }) : null,
  );
}

export function scene() {
  const bar = (/** @type {number} */ i, /** @type {string} */ extra) =>
    svg('circle', { class: `scene-button ${extra}`, cx: 147 + i * 46, cy: 352, r: 17 });
  return svg(
    'svg',
    { class: 'scene', viewBox: '-8 -8 494 392', role: 'img', 'aria-label': msg('landing.scene') },
    ...PEOPLE.map(tile),
    ...['', '', '', '', 'scene-leave'].map((extra, i) => bar(i, extra)),
  );
}
