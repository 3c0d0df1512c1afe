// Runs before the page is drawn and in any browser: picks the colours, so that
// a light page does not flash dark, and says so when the browser is too old to
// read the rest. No modules, no new syntax here.
(function () {
  var root = document.documentElement;
  var theme = 'dark';
  var lang = '';
  try {
    var prefs = JSON.parse(localStorage.getItem('parley') || '{}');
    theme = prefs.theme || theme;
    lang = prefs.lang || '';
  } catch (e) {
    // Storage is forbidden or damaged: the defaults.
  }
  if (theme === 'system') theme = 'matchMedia' in window && matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
  root.setAttribute('data-theme', theme === 'light' ? 'light' : 'dark');
  lang = (/[?&]lang=([\w-]+)/.exec(location.search) || [])[1] || lang || navigator.language || 'en';
  root.lang = /^zh/i.test(lang) ? 'zh-Hans' : 'en';

  function tooOld() {
    if (root.hasAttribute('data-booted')) return;
    var note = document.getElementById('too-old');
    if (note) note.hidden = false;
  }
  window.addEventListener('error', function (event) {
    // A module that could not be read: new syntax in an old browser, or gone.
    if (event.error instanceof SyntaxError || event.target instanceof HTMLScriptElement) tooOld();
  }, true);
  if (!('noModule' in document.createElement('script'))) window.addEventListener('load', tooOld);
})();
