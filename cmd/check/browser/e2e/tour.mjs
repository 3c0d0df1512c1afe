// A walk past the screens of the client. Each stop is proven to be what it is
// called, and must be clean for axe, within the window, and easy to hit on a
// phone. For eyes, it takes pictures of each stop in all sizes and colours.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { clean } from './axe.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */
/** @typedef {'dark' | 'light'} Theme */

/** Where pictures go; without it there are none. */
export const FOLDER = process.env.PARLEY_PICTURES ?? '';
export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 800 };
const LARGE = { width: 1920, height: 1080 };

/** The least that a finger hits, CSS pixels. */
const TAP = 44;

/**
 * Runs in the page: what is wrong with where things are. Links within a text
 * may be as small as the text.
 * @param {number} tap what must be hit is at least as large; 0 for a mouse
 */
function misfits(tap) {
  const wrong = [];
  const name = (/** @type {Element} */ el) => `${el.tagName.toLowerCase()} “${(el.getAttribute('aria-label') ?? el.textContent ?? '').trim().slice(0, 40)}” .${el.className}`;
  const seen = (/** @type {Element} */ el) => el.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const inText = (/** @type {Element} */ el) => el.matches('a') && getComputedStyle(el).display === 'inline' && el.parentElement?.textContent?.trim() !== el.textContent?.trim();
  const clipped = (/** @type {Element} */ el) => {
    for (let up = el.parentElement; up && up !== document.body; up = up.parentElement) if (getComputedStyle(up).overflowX !== 'visible') return true;
    return false;
  };
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(`the page is ${document.documentElement.scrollWidth} px wide in ${innerWidth}`);
  for (const el of document.querySelectorAll('button, a[href], select, input, textarea, h1, h2, p')) {
    const target = el.matches('input[type="checkbox"], input[type="radio"]') ? (el.closest('label') ?? el) : el;
    const { left, right, bottom, width, height } = target.getBoundingClientRect();
    if (!seen(el) || width <= 1 || bottom <= 0) continue; // for screen readers, or until focused
    if ((left < -1 || right > innerWidth + 1) && !clipped(el)) wrong.push(`${name(el)} reaches from ${left} to ${right}`);
    if (el.matches('.btn:not(.square, .toggle)') && el.scrollWidth > el.clientWidth + 2) wrong.push(`${name(el)} is narrower than its text`);
    if (tap && !el.matches('h1, h2, p') && !inText(el) && (width < tap - 0.5 || height < tap - 0.5)) wrong.push(`${name(el)} is ${width.toFixed()} × ${height.toFixed()}`);
  }
  for (const you of document.querySelectorAll('.named > :not(.who)')) {
    if (you.getBoundingClientRect().right > (you.parentElement?.getBoundingClientRect().right ?? 0) + 1) wrong.push(`${name(you)} is cut off`);
  }
  return wrong;
}

export class Tour {
  /**
   * @param {Guest} who
   * @param {{phone: boolean, theme: Theme}} look
   */
  constructor(who, { phone, theme }) {
    this.who = who;
    this.phone = phone;
    this.theme = theme;
  }

  /**
   * @param {string} name of the stop
   * @param {import('playwright-core').Locator} proof seen only there
   */
  async stop(name, proof) {
    await proof.first().waitFor();
    await clean(this.who, name);
    assert.deepEqual(await this.who.page.evaluate(misfits, this.phone ? TAP : 0), [], name);
    if (FOLDER) await this.#pictures(name);
  }

  /** @param {string} name */
  async #pictures(name) {
    const { page } = this.who;
    await mkdir(FOLDER, { recursive: true });
    for (const size of this.phone ? [PHONE] : [LARGE, DESKTOP]) {
      if (!this.phone) await page.setViewportSize(size);
      for (const theme of [this.theme === 'dark' ? 'light' : 'dark', this.theme]) {
        await page.evaluate((t) => document.documentElement.setAttribute('data-theme', t), theme);
        await page.waitForTimeout(300);
        await page.screenshot({ path: join(FOLDER, `${name.replaceAll(/\W+/g, '-')}-${size.width}x${size.height}-${theme}-${this.who.language}.png`) });
      }
    }
  }
}
