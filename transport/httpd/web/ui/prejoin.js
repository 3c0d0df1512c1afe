// Before a meeting: see yourself, hear that you are heard, choose devices, say
// who you are, and join with whatever is there.
import { icon } from '../icons/icons.js';
import { problems } from '../lib/access.js';
import { attr, fill, h, text } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { prefs } from '../lib/prefs.js';
import { devices } from '../sdk/index.js';
import { say } from './announcer.js';
import { title } from './title.js';
import { testSpeaker } from './audio.js';
import { setAvatar } from './avatar.js';
import { pageHead, skipLink } from './chrome.js';
import { deviceSelect } from './device-select.js';
import { newId } from './dialog.js';
import { ParleyElement, define } from './element.js';
import { failNotice } from './fail-notice.js';
import { openShare } from './later.js';
import { ParleyLevelMeter } from './level-meter.js';
import { mediaNotice } from './media-help.js';

/** @typedef {import('./local-media.js').LocalMedia} LocalMedia */
/** @typedef {import('./local-media.js').LocalState} LocalState */
/** What to do about another tab that is in the meeting. @typedef {'' | 'move' | 'both'} Choice */

const MAX_NAME = 64;

export class ParleyPrejoin extends ParleyElement {
  room = '';
  /** @type {LocalMedia} */
  media = /** @type {any} */ (null);
  /** Shown without head and foot inside another page's frame. */
  embedded = false;
  /** This browser is in the meeting already, in another tab. */
  #elsewhere = false;

  heading = h('h1', { tabindex: '-1' }, msg('prejoin.heading'));
  #video = h('video', { autoplay: true, playsinline: true, muted: true, 'aria-label': msg('prejoin.preview') });
  #face = h('span', { class: 'avatar big', 'aria-hidden': 'true' });
  #state = h('p', { class: 'preview-state' });
  #mic = h('button', { class: 'btn toggle', type: 'button', 'aria-label': msg('device.mic') });
  #cam = h('button', { class: 'btn toggle', type: 'button', 'aria-label': msg('device.cam') });
  #meter = new ParleyLevelMeter();
  #notices = h('div', { class: 'stack notices' });
  #name = h('input', { class: 'input', type: 'text', autocomplete: 'name', maxlength: MAX_NAME, placeholder: msg('prejoin.namePlaceholder'), required: true });
  #nameError = h('p', { class: 'error-text', hidden: true }, msg('prejoin.nameNeeded'));
  #join = h('button', { class: 'btn primary big wide', type: 'submit' });
  #fail = h('div');
  #other = h('div');
  #silent = h('p', { class: 'hint', hidden: true }, msg('prejoin.noDevices'));
  #joining = false;
  #tries = 0;
  /** Code of the last failure: each has a patience of its own. */
  #failed = '';
  #shownProblems = '';
  /** @type {MediaStreamTrack | null} */
  #micTrack = null;
  /** @type {MediaStreamTrack | null} */
  #camTrack = null;

  #pickers = {
    audioinput: deviceSelect('audioinput', (id) => void this.media.choose('audioinput', id)),
    videoinput: deviceSelect('videoinput', (id) => void this.media.choose('videoinput', id)),
    audiooutput: deviceSelect('audiooutput', (id) => void this.media.choose('audiooutput', id)),
  };

  /** @param {AbortSignal} alive */
  mounted(alive) {
    title('prejoin.title', { room: this.room });
    const id = newId('name');
    attr(this.#name, 'id', id);
    attr(this.#nameError, 'id', `${id}-error`);
    attr(this.#name, 'aria-describedby', `${id}-error`);
    this.#name.value = prefs.now.name;
    fill(
      this,
      this.embedded ? null : skipLink(),
      this.embedded ? null : pageHead(),
      h('main', { id: 'main', class: 'prejoin', tabindex: '-1' }, h('div', { class: 'prejoin-left' }, this.#preview(), this.#notices, this.#devices()), this.#form(id)),
    );
    this.#mic.addEventListener('click', () => void this.media.setMic(!this.media.store.state.micWanted), { signal: alive });
    this.#cam.addEventListener('click', () => void this.media.setCam(!this.media.store.state.camWanted), { signal: alive });
    this.#name.addEventListener('input', () => this.#named(), { signal: alive });
    this.media.store.watch((s) => this.#draw(s), alive);
    prefs.addEventListener('change', () => this.#draw(this.media.store.state), { signal: alive });
    this.#draw(this.media.store.state);
    void this.media.open();
    queueMicrotask(() => (this.#name.value ? this.#join : this.#name).focus({ preventScroll: true }));
  }

  unmounted() {
    this.#video.srcObject = null;
    this.#meter.track = null;
  }

  relabelled() {
    this.#draw(this.media.store.state);
  }

  #preview() {
    return h(
      'div',
      { class: 'preview' },
      this.#video,
      h('div', { class: 'preview-off' }, this.#face, this.#state),
      h('div', { class: 'preview-bar' }, this.#mic, this.#cam),
      h('div', { class: 'preview-meter' }, icon('mic', 'small'), this.#meter),
    );
  }

  #devices() {
    const test = h('button', { class: 'btn small', type: 'button' }, icon('volume'), h('span', null, msg('device.testSpeaker')));
    test.addEventListener('click', async () => {
      attr(test, 'aria-disabled', 'true');
      text(/** @type {Element} */ (test.lastElementChild), msg('device.testing'));
      await testSpeaker(prefs.now.speakerId);
      text(/** @type {Element} */ (test.lastElementChild), msg('device.testSpeaker'));
      attr(test, 'aria-disabled', null);
    });
    const output = devices.canChooseOutput() ? this.#pickers.audiooutput.element : h('span', { class: 'hint grow' }, msg('device.noOutputs'));
    return h(
      'div',
      { class: 'pickers' },
      h('div', { class: 'picker' }, icon('mic'), this.#pickers.audioinput.element),
      h('div', { class: 'picker' }, icon('cam'), this.#pickers.videoinput.element),
      h('div', { class: 'picker' }, icon('volume'), output, test),
    );
  }

  /** @param {string} id */
  #form(id) {
    return h(
      'form',
      {
        class: 'card join-card',
        novalidate: true,
        onsubmit: (/** @type {Event} */ e) => {
          e.preventDefault();
          this.#submit(this.#elsewhere ? 'move' : '');
        },
      },
      h('div', { class: 'stack tight' }, this.heading, h('p', { class: 'room-name' }, h('bdi', null, this.room), this.embedded ? null : this.#inviteButton())),
      this.#fail,
      this.#other,
      h('div', { class: 'field' }, h('label', { for: id }, msg('prejoin.name')), this.#name, this.#nameError),
      this.#join,
      this.#silent,
      h('p', { class: 'hint' }, msg('prejoin.retention')),
    );
  }

  /** Where this browser is in the meeting already it goes on here or there; being there twice is asked for. */
  #drawOther() {
    if (!this.#elsewhere) return fill(this.#other);
    const there = h('button', { class: 'btn small', type: 'button', onclick: () => this.dispatchEvent(new CustomEvent('there')) }, msg('prejoin.goThere'));
    const both = h('button', { class: 'btn quiet small', type: 'button', onclick: () => this.#submit('both') }, msg('prejoin.joinBoth'));
    return fill(this.#other, h('div', { class: 'notice', role: 'note' }, icon('info'), h('div', { class: 'stack' }, h('p', null, msg('prejoin.elsewhere')), h('div', { class: 'row wrap' }, there, both))));
  }

  get elsewhere() {
    return this.#elsewhere;
  }

  set elsewhere(on) {
    if (on === this.#elsewhere) return;
    this.#elsewhere = on;
    this.#drawOther();
    this.#drawJoin(this.media.store.state);
    if (on && this.isConnected) say(msg('prejoin.elsewhere'), { now: true });
  }

  #inviteButton() {
    return h('button', { class: 'textlink', type: 'button', onclick: () => openShare(this.room) }, msg('prejoin.invite'));
  }

  /** @param {LocalState} s */
  #draw(s) {
    const name = this.#name.value.trim();
    if (this.#camTrack !== s.cam) {
      this.#camTrack = s.cam;
      this.#video.srcObject = s.cam ? new MediaStream([s.cam]) : null;
    }
    if (this.#micTrack !== s.mic) this.#meter.track = this.#micTrack = s.mic;
    this.#video.hidden = !s.cam;
    this.#video.classList.toggle('mirrored', prefs.now.mirror && s.cam?.getSettings().facingMode !== 'environment');
    setAvatar(this.#face, name || '?', 'big');
    text(this.#state, msg(s.camWanted && s.busy && !s.camError ? 'prejoin.camStarting' : 'prejoin.camOff'));
    toggle(this.#mic, { on: s.micWanted && !s.micError, bad: Boolean(s.micError), icons: ['mic', 'micOff'] });
    toggle(this.#cam, { on: s.camWanted && !s.camError, bad: Boolean(s.camError), icons: ['cam', 'camOff'] });
    this.#pickers.audioinput.update(s.devices.audioinput, prefs.now.micId);
    this.#pickers.videoinput.update(s.devices.videoinput, prefs.now.camId);
    this.#pickers.audiooutput.update(s.devices.audiooutput, prefs.now.speakerId);
    this.#drawProblems(s);
    this.#drawJoin(s);
  }

  /** @param {LocalState} s */
  #drawProblems(s) {
    if (s.busy) return;
    const found = problems({ microphone: s.micError, camera: s.camError });
    const insecure = s.micError === 'insecure_context' || s.camError === 'insecure_context';
    const key = JSON.stringify([found, insecure]);
    if (key === this.#shownProblems) return;
    if (!found.length && this.#shownProblems.includes('cause')) say(msg('media.works'));
    this.#shownProblems = key;
    if (insecure) {
      fill(this.#notices, h('section', { class: 'notice warn' }, icon('lock'), h('div', { class: 'stack' }, h('h2', null, msg('insecure.title')), h('p', null, msg('insecure.text', { origin: location.origin })))));
      say(msg('insecure.title'), { now: true });
      return;
    }
    fill(this.#notices, ...found.map(({ cause, which }) => mediaNotice(cause, which, () => void this.media.open())));
    for (const { cause, which } of found) say(msg(`media.${cause}.${which}.title`), { now: true });
  }

  /** @param {LocalState} s */
  #drawJoin(s) {
    if (this.#joining) {
      fill(this.#join, h('span', { class: 'spinner', 'aria-hidden': 'true' }), msg('prejoin.joining'));
      return;
    }
    const silent = !s.mic && !s.cam && !s.busy;
    this.#silent.hidden = !silent;
    fill(this.#join, msg(this.#elsewhere ? 'prejoin.moveHere' : silent ? 'prejoin.joinListen' : 'prejoin.join'));
  }

  #named() {
    this.#nameError.hidden = true;
    attr(this.#name, 'aria-invalid', null);
    setAvatar(this.#face, this.#name.value.trim() || '?', 'big');
  }

  /** @param {Choice} choice */
  #submit(choice) {
    if (this.#joining) return;
    const name = this.#name.value.trim();
    if (!name) {
      this.#nameError.hidden = false;
      attr(this.#name, 'aria-invalid', 'true');
      say(msg('prejoin.nameNeeded'), { now: true });
      this.#name.focus();
      return;
    }
    prefs.set({ name });
    fill(this.#fail);
    this.dispatchEvent(new CustomEvent('enter', { detail: { name, choice } }));
  }

  /** While joining the button turns and does nothing. @param {boolean} on */
  set joining(on) {
    if (on === this.#joining) return;
    this.#joining = on;
    attr(this.#join, 'aria-disabled', on ? 'true' : null);
    this.#drawJoin(this.media.store.state);
    if (on) {
      say(msg('prejoin.joining'));
      fill(this.#fail, h('button', { class: 'btn small', type: 'button', onclick: () => this.dispatchEvent(new CustomEvent('cancel')) }, msg('prejoin.cancelJoin')));
    } else fill(this.#fail);
  }

  /** Why joining failed; the button below tries again. @param {import('../lib/failures.js').Failure} error */
  failed(error) {
    this.joining = false;
    if (error.code === 'aborted') return;
    this.#tries = error.code === this.#failed ? this.#tries + 1 : 1;
    this.#failed = error.code;
    fill(this.#fail, failNotice(error, { tries: this.#tries, retry: () => this.#submit(this.#elsewhere ? 'move' : ''), signal: this.alive }));
    if (error.code === 'bad_name') {
      attr(this.#name, 'aria-invalid', 'true');
      this.#name.focus();
    }
  }
}

/** @param {HTMLButtonElement} button @param {{on: boolean, bad: boolean, icons: [import('../icons/icons.js').IconName, import('../icons/icons.js').IconName]}} state */
function toggle(button, { on, bad, icons }) {
  attr(button, 'aria-pressed', String(on));
  button.classList.toggle('off', !on);
  button.classList.toggle('bad', bad);
  fill(button, icon(on ? icons[0] : icons[1]), bad ? h('span', { class: 'bang', 'aria-hidden': 'true' }, '!') : null);
}

define('parley-prejoin', ParleyPrejoin);
