// What buttons, keys, menus and slash commands do in a meeting, in one place.
import { prefs } from '../lib/prefs.js';
import { match } from '../lib/shortcuts.js';
import { anyOpen } from './dialog.js';
import { later } from './later.js';
import { toggleFullscreen } from './element.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('../lib/shortcuts.js').Action} Action */

/**
 * @typedef {object} Parts of the room that actions reach
 * @property {() => void} focusToolbar
 * @property {() => void} focusCaption
 * @property {import('./pip.js').SmallWindow} pip
 */

export class Actions {
  #call;
  #parts;
  /** The key that is held to talk, as it is called on the keyboard. */
  #talkKey = '';

  /** @param {Call} call @param {Parts} parts */
  constructor(call, parts) {
    this.#call = call;
    this.#parts = parts;
  }

  get canPip() {
    return this.#parts.pip.possible;
  }

  /** @param {Action} action */
  run(action) {
    const call = this.#call;
    switch (action) {
      case 'mic':
        return void call.devices?.mic();
      case 'cam':
        return void call.devices?.cam();
      case 'share':
        return void call.devices?.share();
      case 'hand':
        return void call.hand();
      case 'chat':
      case 'people':
        return call.togglePanel(action);
      case 'layout':
        return call.setLayout(call.state.layout === 'speaker' ? 'grid' : 'speaker');
      case 'fullscreen':
        return void toggleFullscreen(document.documentElement);
      case 'pip':
        return void this.#parts.pip.toggle();
      case 'captions':
        call.store.set({ captionInput: !call.state.captionInput });
        return call.state.captionInput ? queueMicrotask(() => this.#parts.focusCaption()) : undefined;
      case 'stats':
        return call.store.set({ stats: !call.state.stats });
      case 'toolbar':
        return this.#parts.focusToolbar();
      case 'leave':
        return call.leave();
      case 'help':
        return void later(import('./shortcut-sheet.js')).then((m) => m?.openShortcutSheet());
      case 'talk':
        return void call.devices?.hold();
    }
  }

  settings() {
    void later(import('./settings.js')).then((m) => m?.openSettings(this.#call));
  }

  /** Listens for shortcuts. @param {AbortSignal} signal */
  listen(signal) {
    addEventListener('keydown', (e) => this.#down(e), { signal });
    // It may have been remapped, and what is typed with it may change while
    // it is held: the key itself counts.
    addEventListener('keyup', (e) => {
      if (keyOf(e) === this.#talkKey) this.#call.devices?.release();
    }, { signal });
  }

  /** @param {KeyboardEvent} event */
  #down(event) {
    const target = event.target instanceof HTMLElement ? event.target : null;
    const place = {
      typing: target?.matches('input:not([type="range"], [type="checkbox"], [type="radio"]), textarea, select, [contenteditable]') ?? false,
      pressable: target?.closest('button, a, summary, input, label, [role="button"]') !== null && target !== null,
      dialog: anyOpen(),
    };
    const action = match(event, place, { enabled: prefs.now.shortcuts, remapped: prefs.now.keys });
    if (!action) return;
    event.preventDefault();
    if (action === 'talk') this.#talkKey = keyOf(event);
    this.run(action);
  }
}

/** @param {KeyboardEvent} event */
const keyOf = (event) => event.code || event.key;
