// Dark, light, or as the system has it.
import { prefs } from '../lib/prefs.js';

const COLOURS = { dark: '#0e1416', light: '#f3f6f6' };

/** Keeps the page's colours as chosen. @param {AbortSignal} signal */
export function followTheme(signal) {
  const light = matchMedia('(prefers-color-scheme: light)');
  const apply = () => {
    const { theme } = prefs.now;
    const now = theme === 'light' || (theme === 'system' && light.matches) ? 'light' : 'dark';
    document.documentElement.dataset.theme = now;
    for (const meta of document.querySelectorAll('meta[name="theme-color"]')) meta.setAttribute('content', COLOURS[now]);
  };
  apply();
  light.addEventListener('change', apply, { signal });
  prefs.addEventListener('change', apply, { signal });
}
