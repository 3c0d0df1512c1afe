// How dates, times and figures are written: in the words of the page's
// language, in the manner of the browser's region. Pure.

/** @param {string} tag BCP 47 */
function parse(tag) {
  try {
    return [new Intl.Locale(tag)];
  } catch {
    return []; // what is no tag tells nothing
  }
}

/**
 * The region that somebody's languages tell, '' if none. A bare language stands
 * for where it is mostly spoken unless another tag says where (de, de-AT);
 * after bare English, which is spoken everywhere, the next wish is asked.
 * @param {readonly string[]} tags
 */
export function regionOf(tags) {
  const wishes = tags.flatMap(parse);
  for (const { language, region } of wishes) {
    const told = region ?? wishes.find((other) => other.language === language && other.region)?.region;
    if (told) return told;
    if (language !== 'en') return new Intl.Locale(language).maximize().region ?? '';
  }
  return wishes.length ? 'US' : '';
}

/**
 * The locale for dates and times: order and clock are the region's. Where its
 * English is not known, that of the world stands in, not that of the US.
 * @param {string} language of the page
 * @param {string} region
 */
export function dateLocale(language, region) {
  if (!region) return language;
  const wanted = `${language}-${region}`;
  const known = new Intl.Locale(new Intl.DateTimeFormat(wanted).resolvedOptions().locale).region === region;
  const { hourCycle } = new Intl.DateTimeFormat(homeLocale(region), { hour: 'numeric' }).resolvedOptions();
  return `${known || language !== 'en' ? wanted : 'en-001'}-u-hc-${hourCycle}`;
}

/**
 * The locale for figures: the region's separators, our digits.
 * @param {string} language @param {string} region
 */
export const numberLocale = (language, region) => (region ? `${homeLocale(region)}-u-nu-latn` : language);

/** The language mostly spoken in a region, there. @param {string} region */
const homeLocale = (region) => new Intl.Locale(`und-${region}`).maximize().minimize().baseName;
