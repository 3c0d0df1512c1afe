// Runs before the page is drawn and in any browser: picks the colours, so that
// a light page does not flash dark, asks for the language's texts, and says so
// when the browser is too old to read the rest. No modules, no new syntax here.
(function () {
  var root = document.documentElement;
  // As lib/route.js reads it.
  var base = (root.getAttribute('data-site') || '').replace(/^\w+:\/\/[^/]*/, '');
  var theme = 'system';
  var wishes = [(/[?&]lang=([\w-]+)/.exec(location.search) || [])[1]];
  try {
    var prefs = JSON.parse(localStorage.getItem('parley' + base) || localStorage.getItem('parley') || '{}');
    // As lib/prefs.js reads it.
    if (prefs.theme !== 'dark' || prefs.v || !prefs.sounds) theme = prefs.theme || theme;
    wishes.push(prefs.lang);
  } catch (e) {
    // Storage is forbidden or damaged: the defaults.
  }
  if (theme === 'system') theme = 'matchMedia' in window && matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
  root.setAttribute('data-theme', theme === 'light' ? 'light' : 'dark');
  wishes = wishes.concat(navigator.languages || navigator.language, 'en');
  for (var i = 0; !/^(zh|en)(?![a-z])/i.test(wishes[i]); i++);
  root.lang = /^zh/i.test(wishes[i]) ? 'zh-Hans' : 'en';
  // Its texts are wanted soon: asked for before the modules that ask for them.
  var texts = document.createElement('link');
  texts.rel = 'modulepreload';
  texts.href = base + '/i18n/' + root.lang + '.js';
  document.head.appendChild(texts);

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
