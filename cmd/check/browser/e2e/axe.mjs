// Runs axe-core on what a page shows now.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * What axe finds wrong, one line per element. Through the debugger, so that
 * the page's policy does not stand in its way.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string[]>}
 */
export async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source);
  return page.evaluate(async () => {
    const { axe } = /** @type {any} */ (window);
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap((/** @type {any} */ v) => v.nodes.map((/** @type {any} */ n) => `${v.id}: ${n.target.join(' ')}: ${n.any[0]?.message ?? v.help}`));
  });
}

/**
 * @param {import('./ui.mjs').Guest} who
 * @param {string} screen what is looked at, for the message
 */
export async function clean(who, screen) {
  // Not while something fades in: axe would measure half a colour.
  await who.page.evaluate(() => Promise.all(document.getAnimations().filter((a) => a.effect?.getTiming().iterations !== Infinity).map((a) => a.finished.catch(() => {}))));
  const found = await violations(who.page);
  assert.deepEqual(found, [], `axe on: ${screen}`);
}
