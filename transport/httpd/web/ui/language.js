// The language of the page: chosen at the start, followed when it changes.
import { relabel } from '../lib/html.js';
import { chooseLanguage, i18n } from '../lib/i18n.js';
import { prefs } from '../lib/prefs.js';

/**
 * Loads the texts and shows the page in their language from now on.
 * @param {AbortSignal} alive
 * @returns {Promise<boolean>} false when no texts could be loaded: there is
 *   nothing to make a page of, and the note that the document brings is shown
 */
export async function speak(alive) {
  i18n.addEventListener('change', () => {
    document.documentElement.lang = i18n.language;
    relabel(document);
  }, { signal: alive });
  const query = new URLSearchParams(location.search).get('lang');
  try {
    await i18n.useFirst(chooseLanguage({ query, stored: prefs.now.lang, browser: navigator.languages }), 'en');
    return true;
  } catch {
    document.getElementById('too-old')?.removeAttribute('hidden');
    return false;
  }
}
