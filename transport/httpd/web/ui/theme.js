// Dark, light, or as the system has it; and the system's own few colours where
// it forces them on every page.
import { prefs } from '../lib/prefs.js';
import { sheet } from './later.js';

const COLOURS = { dark: '#0e1416', light: '#f3f6f6' };
const FORCED = '(forced-colors: active)';

/**
 * Keeps the page's colours as chosen. Settles when they are there.
 * @param {AbortSignal} signal
 */
export async function followTheme(signal) {
  const light = matchMedia('(prefers-color-scheme: light)');
  const forced = matchMedia(FORCED);
  const apply = () => {
    const { theme } = prefs.now;
    const now = theme === 'light' || (theme === 'system' && light.matches) ? 'light' : 'dark';
    document.documentElement.dataset.theme = now;
    for (const meta of document.querySelectorAll('meta[name="theme-color"]')) meta.setAttribute('content', COLOURS[now]);
  };
  const force = async () => {
    if (forced.matches) await sheet('/css/forced.css', FORCED);
  };
  apply();
  light.addEventListener('change', apply, { signal });
  prefs.addEventListener('change', apply, { signal });
  forced.addEventListener('change', force, { signal });
  await force();
}
