// The page that tests browser, devices and the way to the server.
import { icon } from '../icons/icons.js';
import { CHECKS, blockedBy, reportText, verdict } from '../lib/checks.js';
import { fill, h } from '../lib/html.js';
import { msg, t } from '../lib/i18n.js';
import { site } from '../lib/route.js';
import { say } from './announcer.js';
import { title } from './title.js';
import { pageHead, skipLink } from './chrome.js';
import { ParleyElement, define } from './element.js';
import { save } from './save.js';
import { SetupChecks } from './setup-checks.js';

/** @typedef {import('../lib/checks.js').CheckName} CheckName */
/** @typedef {import('../lib/checks.js').Result} Result */

const MARKS = /** @type {const} */ ({ passed: 'check', warning: 'info', failed: 'close', skipped: 'chevronRight' });

export default class ParleySetupTest extends ParleyElement {
  heading = h('h1', { tabindex: '-1' }, msg('test.heading'));
  #start = h('button', { class: 'btn primary big', type: 'button' });
  #download = h('button', { class: 'btn outline big', type: 'button', hidden: true }, icon('download'), msg('test.download'));
  #verdict = h('p', { class: 'notice', hidden: true });
  #list = h('ol', { class: 'checks', 'aria-label': msg('test.steps') });
  /** @type {Partial<Record<CheckName, Result>>} */
  #results = {};
  /** @type {AbortController | null} */
  #run = null;
  /** @type {readonly string[]} */
  #extra = [];

  /** @param {AbortSignal} alive */
  mounted(alive) {
    title('test.title');
    this.#start.addEventListener('click', () => (this.#run ? this.#run.abort() : void this.#go()), { signal: alive });
    this.#download.addEventListener('click', () => this.#save(), { signal: alive });
    alive.addEventListener('abort', () => this.#run?.abort(), { once: true });
    fill(
      this,
      skipLink(),
      pageHead(),
      h('main', { id: 'main', class: 'setup', tabindex: '-1' }, this.heading, h('p', { class: 'lead' }, msg('test.lead')), h('div', { class: 'row wrap' }, this.#start, this.#download), this.#verdict, this.#list),
    );
    this.#draw();
  }

  async #go() {
    const run = (this.#run = new AbortController());
    const checks = new SetupChecks(run.signal);
    this.#results = {};
    this.#verdict.hidden = true;
    for (const { name } of CHECKS) {
      if (run.signal.aborted) break;
      this.#results[name] = await this.#one(checks, name, run.signal);
      this.#draw();
    }
    await checks.end();
    this.#extra = checks.extra;
    this.#run = null;
    this.#finish(run.signal.aborted);
  }

  /** @param {SetupChecks} checks @param {CheckName} name @param {AbortSignal} signal @returns {Promise<Result>} */
  async #one(checks, name, signal) {
    const blocked = blockedBy(name, this.#results);
    if (blocked) return { state: 'skipped', text: 'test.skip.needs', params: { check: t(`test.${blocked}`) } };
    this.#results[name] = { state: 'running' };
    this.#draw();
    try {
      return await checks.run(name);
    } catch (error) {
      if (signal.aborted) return { state: 'skipped' };
      reportError(error);
      return { state: 'failed', text: 'error.internal' };
    }
  }

  /** @param {boolean} stopped */
  #finish(stopped) {
    if (!this.isConnected) return;
    const results = Object.values(this.#results);
    const { key, n } = verdict(results, stopped);
    this.#verdict.hidden = false;
    this.#verdict.className = `notice ${key === 'test.done.failed' ? 'bad' : key === 'test.done.warning' ? 'warn' : ''}`;
    fill(this.#verdict, icon(key === 'test.done.passed' ? 'check' : 'info'), h('span', null, msg(key, { n })));
    this.#download.hidden = false;
    this.#draw();
    say(msg(key, { n }));
  }

  #draw() {
    fill(this.#start, msg(this.#run ? 'test.stop' : Object.keys(this.#results).length ? 'test.again' : 'test.start'));
    this.#start.classList.toggle('primary', !this.#run);
    fill(this.#list, ...CHECKS.map(({ name }) => this.#row(name)));
  }

  /** @param {CheckName} name */
  #row(name) {
    const result = this.#results[name] ?? { state: 'waiting' };
    const { state, params } = result;
    const mark = state in MARKS ? icon(MARKS[/** @type {keyof typeof MARKS} */ (state)], 'small') : state === 'running' ? h('span', { class: 'spinner' }) : null;
    return h(
      'li',
      { class: `check ${state}`, 'data-check': name },
      h('span', { class: 'check-mark', 'aria-hidden': 'true' }, mark),
      h('h2', null, msg(`test.${name}`)),
      h('span', { class: 'check-state' }, msg(`test.state.${state}`)),
      result.text || result.fix
        ? h('div', { class: 'check-text' }, result.text ? h('p', null, msg(result.text, params)) : null, result.fix ? h('p', { class: 'check-fix' }, msg(result.fix, params)) : null)
        : null,
    );
  }

  #save() {
    const lines = CHECKS.map(({ name }) => {
      const { state = 'waiting', text: key, fix, params } = this.#results[name] ?? {};
      return { name: t(`test.${name}`), state: /** @type {import('../lib/checks.js').CheckState} */ (state), text: key ? t(key, params) : '', fix: fix ? t(fix, params) : '' };
    });
    const body = reportText({ at: new Date().toISOString(), server: site.here, agent: navigator.userAgent, lines, extra: this.#extra });
    save('parley-setup-test.txt', 'text/plain;charset=utf-8', body);
  }
}

define('parley-setup-test', ParleySetupTest);
