// The web client as a person meets it: pages found by roles and names only, in
// the language of the person, with the texts of the client's own catalogues.
import en from '../../../../transport/httpd/web/i18n/en.js';
import zhHans from '../../../../transport/httpd/web/i18n/zh-Hans.js';
import { format } from '../../../../transport/httpd/web/lib/i18n.js';
import { newPage } from './browsers.mjs';
import { CAST, eventually } from './cast.mjs';

/** @typedef {import('../../../../transport/httpd/web/lib/i18n.js').Key} Key */
/** @typedef {import('../../../../transport/httpd/web/lib/i18n.js').Params} Params */
/** @typedef {'en' | 'zh-Hans'} Language */

/** Those that tests are run in: all, or the one that PARLEY_LANGUAGE names. @type {readonly Language[]} */
export const LANGUAGES = /** @type {const} */ (['en', 'zh-Hans']).filter((language) => language === (process.env.PARLEY_LANGUAGE ?? language));
const TEXTS = { en, 'zh-Hans': zhHans };
const LOCALES = { en: 'en-GB', 'zh-Hans': 'zh-CN' };

/** @param {string} s */
const literal = (s) => s.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** A person in front of a page. */
export class Guest {
  /**
   * @param {import('playwright-core').Page & {problems: string[]}} page
   * @param {{url: string, name: string, language: Language}} who
   */
  constructor(page, { url, name, language }) {
    this.page = page;
    this.url = url;
    this.name = name;
    this.language = language;
  }

  /** @param {Key} key @param {Params} [params] */
  t(key, params = {}) {
    return format(TEXTS[this.language][key], params, this.language);
  }

  /** @param {Key} key @param {Params} [params] */
  button(key, params) {
    return this.page.getByRole('button', { name: this.t(key, params), exact: true });
  }

  /** @param {Key} key @param {Params} [params] */
  heading(key, params) {
    return this.page.getByRole('heading', { name: this.t(key, params), exact: true });
  }

  /** @param {Key} key @param {Params} [params] */
  text(key, params) {
    return this.page.getByText(this.t(key, params));
  }

  /** @param {Key} key @param {Params} [params] */
  dialog(key, params) {
    return this.page.getByRole('dialog', { name: this.t(key, params), exact: true });
  }

  /** A field by its label. @param {Key} key */
  field(key) {
    return this.page.getByRole('textbox', { name: this.t(key), exact: true });
  }

  get stage() {
    return this.page.getByRole('region', { name: this.t('room.stage'), exact: true });
  }

  get bar() {
    return this.page.getByRole('toolbar', { name: this.t('bar.label'), exact: true });
  }

  /** A button of the toolbar. @param {Key} key @param {Params} [params] */
  control(key, params) {
    return this.bar.getByRole('button', { name: this.t(key, params), exact: true });
  }

  /** The toolbar's chat button, whatever it counts. */
  get chatControl() {
    return this.bar.getByRole('button', { name: new RegExp(`^${literal(this.t('bar.chat'))}`) });
  }

  get peopleControl() {
    return this.bar.getByRole('button', { name: new RegExp(`^${literal(this.t('bar.people'))}`) });
  }

  /** @param {Key} key */
  panel(key) {
    return this.page.getByRole('complementary', { name: this.t(key), exact: true });
  }

  /** The tile whose name begins so; states follow after a comma. @param {string} name */
  tile(name) {
    return this.stage.getByRole('group', { name: new RegExp(`^${literal(name)}(,|，|$)`) });
  }

  get ownTile() {
    return this.tile(this.t('tile.you', { name: this.name }));
  }

  /** What a screen reader is told of a tile. @param {import('playwright-core').Locator} tile */
  async label(tile) {
    return (await tile.getAttribute('aria-label')) ?? '';
  }

  /** Waits for a state in a tile's label. @param {import('playwright-core').Locator} tile @param {Key} key @param {boolean} [there] @param {Params} [params] */
  async tileSays(tile, key, there = true, params = {}) {
    const word = this.t(key, params);
    await eventually(() => this.label(tile), (label) => label.includes(word) === there, {
      what: `${this.name}: a tile ${there ? 'says' : 'no longer says'} “${word}”`,
    });
  }

  /**
   * Waits until the page has said so in a note or an emoji that does not stay:
   * whether it is still there does not matter. Each showing counts once.
   * @param {string} words
   * @param {'shown' | 'said'} [how] to the eye, or to a screen reader
   */
  async told(words, how = 'shown') {
    const take = () =>
      this.page.evaluate(([what, channel]) => {
        const { told } = /** @type {any} */ (window);
        const at = told[channel].findIndex((/** @type {string} */ text) => text.includes(what));
        if (at < 0) return { yes: false, told };
        told[channel].splice(at, 1);
        return { yes: true };
      }, /** @type {const} */ ([words, how]));
    await eventually(take, ({ yes }) => yes, { what: `${this.name} is ${how === 'shown' ? 'shown' : 'told'} “${words}”` });
  }

  /** @param {Key} key @param {Params} [params] */
  shown(key, params) {
    return this.told(this.t(key, params));
  }

  /** @param {Key} key @param {Params} [params] */
  said(key, params) {
    return this.told(this.t(key, params), 'said');
  }

  /** Waits until a control is pressed, or no longer. @param {import('playwright-core').Locator} control @param {boolean} [yes] */
  async pressed(control, yes = true) {
    await eventually(() => control.getAttribute('aria-pressed'), (now) => now === String(yes), { what: `${this.name}: ${control} is ${yes ? 'pressed' : 'not pressed'}` });
  }

  /**
   * Presses what may at any moment do by itself what it offers, until that has
   * happened.
   * @param {import('playwright-core').Locator} button
   * @param {import('playwright-core').Locator} there seen when it has happened
   */
  async pressUntil(button, there) {
    const done = async () => {
      if (!(await there.isVisible())) await button.click({ timeout: 1_000 }).catch(() => {});
      return there.isVisible();
    };
    await eventually(done, Boolean, { what: `${this.name}: ${there} after pressing ${button}`, ms: 60_000 });
  }

  /** Frames that the tile's picture has shown. @param {import('playwright-core').Locator} tile */
  frames(tile) {
    return tile.evaluate((el) => {
      const video = el.querySelector('video');
      return video?.srcObject ? video.getVideoPlaybackQuality().totalVideoFrames : 0;
    });
  }

  /** Waits until a tile shows a moving picture. @param {import('playwright-core').Locator} tile */
  async moves(tile) {
    const first = await eventually(() => this.frames(tile), (n) => n > 0, { what: `${this.name} sees a picture`, ms: 30_000 });
    await eventually(() => this.frames(tile), (n) => n > first + 3, { what: `${this.name} sees it move` });
  }

  /** From the preview into the room. */
  async join() {
    await this.field('prejoin.name').fill(this.name);
    const listen = this.button('prejoin.joinListen');
    const join = this.button('prejoin.join').or(listen);
    await join.click();
    await this.bar.waitFor();
  }

  /** Opens a room's address and joins. @param {string} room */
  async enter(room) {
    await this.page.goto(`${this.url}/r/${encodeURIComponent(room)}`);
    await this.join();
  }

  /** Opens the chat unless it is open. */
  async openChat() {
    if ((await this.chatControl.getAttribute('aria-pressed')) !== 'true') await this.chatControl.click();
    return this.panel('chat.title');
  }

  async openPeople() {
    if ((await this.peopleControl.getAttribute('aria-pressed')) !== 'true') await this.peopleControl.click();
    return this.panel('people.title');
  }

  /** @param {string} text */
  async say(text) {
    await this.openChat();
    await this.field('chat.field').fill(text);
    await this.button('chat.send').click();
    await this.log.getByText(text, { exact: true }).last().waitFor();
  }

  get log() {
    return this.page.getByRole('log', { name: this.t('chat.log'), exact: true });
  }

  /** Chooses an entry of the toolbar's "More" menu. @param {Key} key @param {'menuitem' | 'menuitemradio'} [role] */
  async more(key, role = 'menuitem') {
    await this.control('bar.more').click();
    await this.page.getByRole(role, { name: this.t(key), exact: true }).click();
  }

  /** What the policy of the page has stopped so far. */
  violations() {
    return this.page.evaluate(() => /** @type {any} */ (window).violations);
  }

  close() {
    return this.page.context().close();
  }
}

/**
 * Runs before the page's own scripts: first choices, a count of what the policy
 * stops, and a memory of what is shown or spoken for a moment only.
 * @param {object} prefs
 */
function prepare(prefs) {
  const w = /** @type {any} */ (window);
  w.violations = [];
  w.told = { shown: [], said: [] };
  const words = (/** @type {Node} */ node) => (node.textContent ?? '').replaceAll('\u00a0', ' ');
  const keep = (/** @type {string[]} */ list, /** @type {Node} */ node) => list.push(words(node)) > 100 && list.shift();
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      const at = target instanceof Element ? target : target.parentElement;
      if (at?.matches('[role="status"], [role="alert"]') && at.textContent) keep(w.told.said, at);
      if (at?.matches('parley-toasts, parley-reactions')) for (const node of addedNodes) keep(w.told.shown, node);
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
  addEventListener('securitypolicyviolation', (e) => w.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
  try {
    if (!localStorage.getItem('parley')) localStorage.setItem('parley', JSON.stringify(prefs));
  } catch {
    // Not a page that may store: a blank one.
  }
}

/**
 * Somebody of the cast before a page of their own, not yet anywhere.
 * @param {import('playwright-core').Browser} browser
 * @param {string} url of the server
 * @param {{name?: string, as?: keyof typeof CAST, language?: Language, prefs?: object, context?: import('playwright-core').BrowserContextOptions, width?: number, height?: number}} [options]
 *   as: whose colour and tone; name: what they are called, if different
 */
export async function guest(browser, url, { as = 'Ann', name = as, language = 'en', prefs = {}, context = {}, width, height } = {}) {
  const page = await newPage(browser, {
    ...CAST[as],
    width,
    height,
    context: { locale: LOCALES[language], viewport: { width: 1024, height: 640 }, reducedMotion: 'reduce', ...context },
  });
  await page.addInitScript(prepare, prefs);
  page.setDefaultTimeout(30_000);
  return new Guest(page, { url, name, language });
}
