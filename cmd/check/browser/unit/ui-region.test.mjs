// Dates, times and figures as the browser's region writes them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { I18n } from '../../../../transport/httpd/web/lib/i18n.js';
import { dateLocale, numberLocale, regionOf } from '../../../../transport/httpd/web/lib/region.js';
import { bits, percent } from '../../../../transport/httpd/web/lib/stats-text.js';

test('the region is the one that the first telling wish tells', () => {
  const said = /** @type {[string[], string][]} */ ([
    [['de-DE', 'de', 'en-US', 'en'], 'DE'],
    [['de', 'en-US', 'en'], 'DE'],
    [['de', 'de-AT'], 'AT'],
    [['en', 'en-GB'], 'GB'],
    [['en', 'de'], 'DE'],
    [['en'], 'US'],
    [['en-US', 'de-DE'], 'US'],
    [['zh-Hant-HK'], 'HK'],
    [['zh'], 'CN'],
    [['es-419'], '419'],
    [['not a tag', 'fr-CA'], 'CA'],
    [['not a tag'], ''],
    [[], ''],
  ]);
  for (const [tags, region] of said) assert.equal(regionOf(tags), region, tags.join());
});

test('every region has a locale for dates and one for figures', () => {
  for (const region of ['DE', 'US', 'GB', 'CN', 'TW', 'JP', 'IN', 'EG', 'TH', 'BR', 'AQ', '419', '']) {
    for (const language of ['en', 'zh-Hans']) {
      assert.match(new Intl.DateTimeFormat(dateLocale(language, region), { timeStyle: 'short' }).format(0), /\d:\d\d/, `${language} ${region}`);
      assert.match(new Intl.NumberFormat(numberLocale(language, region)).format(12.5), /^12[.,]5$/, `${language} ${region}`);
    }
  }
});

/** @param {'en' | 'zh-Hans'} language @param {string[]} wishes */
async function written(language, ...wishes) {
  const i = new I18n(wishes);
  await i.use(language);
  const plain = (/** @type {string} */ s) => s.replaceAll(/\s/gu, ' ');
  const at = new Date(2026, 10, 3, 19, 5).getTime();
  return [plain(i.time(at)), plain(i.dateTime(at)), plain(i.number(1234.5, 1))];
}

test('an English page in Germany shows 24 hours and the day before the month', async () => {
  assert.deepEqual(await written('en', 'de-DE', 'en'), ['19:05', '3 Nov 2026, 19:05', '1.234,5']);
  assert.deepEqual(await written('en', 'en-US'), ['7:05 PM', 'Nov 3, 2026, 7:05 PM', '1,234.5']);
  const [time, date] = await written('en', 'en-GB');
  assert.equal(time, '19:05');
  assert.match(date, /^3 Nov 2026/);
});

test('a region that has no English of its own gets that of the world, by its own clock', async () => {
  assert.deepEqual((await written('en', 'zh-CN')).slice(0, 2), ['19:05', '3 Nov 2026, 19:05']);
});

test('a Chinese page keeps its words, by the clock of the region', async () => {
  assert.deepEqual(await written('zh-Hans', 'zh-CN'), ['19:05', '2026年11月3日 19:05', '1,234.5']);
  assert.deepEqual((await written('zh-Hans', 'en-US')).slice(0, 2), ['下午7:05', '2026年11月3日 下午7:05']);
  assert.equal((await written('zh-Hans', 'de-DE'))[2], '1.234,5');
});

test('figures of the connection are written as the region has them, in reports as everywhere', () => {
  const german = (/** @type {number} */ n, /** @type {number} */ d) => n.toFixed(d).replace('.', ',');
  assert.deepEqual([bits(1_250_000, german), bits(2_500, german), bits(12, german), percent(0.004, german)], ['1,25 Mbit/s', '3 kbit/s', '12 bit/s', '0,4 %']);
  assert.deepEqual([bits(1_250_000), percent(0.004)], ['1.25 Mbit/s', '0.4 %']);
});
