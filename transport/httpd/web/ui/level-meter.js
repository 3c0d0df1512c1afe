// A bar that shows how loud a microphone is, for eyes and for screen readers.
import { attr, fill, h } from '../lib/html.js';
import { msg, t } from '../lib/i18n.js';
import { audio } from './audio.js';
import { ParleyElement, define } from './element.js';

/** Milliseconds between two looks: smooth enough, and cheap. */
const LOOK = 66;
/** Looks between two texts for screen readers. */
const TELL = 15;

/**
 * The loudest sample, 0 … 1, of what an analyser has just heard.
 * @param {AnalyserNode} analyser
 * @param {Float32Array<ArrayBuffer>} buffer
 */
export function peakOf(analyser, buffer) {
  analyser.getFloatTimeDomainData(buffer);
  let peak = 0;
  for (const v of buffer) if (v > peak || -v > peak) peak = Math.abs(v);
  return peak;
}

/** Loudness on a scale that looks right, 0 … 1: -60 dB … 0 dB. @param {number} peak */
const shownLevel = (peak) => (peak <= 0.001 ? 0 : Math.min(1, (20 * Math.log10(peak) + 60) / 60));

export class ParleyLevelMeter extends ParleyElement {
  #fill = h('span');
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  /** @type {AnalyserNode | null} */
  #analyser = null;
  #buffer = new Float32Array(1024);
  #shown = 0;
  #looks = 0;

  mounted() {
    this.classList.add('meter');
    this.setAttribute('role', 'meter');
    attr(this, 'aria-label', msg('device.level'));
    this.setAttribute('aria-valuemin', '0');
    this.setAttribute('aria-valuemax', '100');
    fill(this, this.#fill);
    this.#tell(0);
    this.every(LOOK, () => this.#look());
  }

  unmounted() {
    this.track = null;
  }

  /** @param {MediaStreamTrack | null} track */
  set track(track) {
    this.#source?.disconnect();
    this.#source = this.#analyser = null;
    const { context } = audio;
    if (!track || !context) return;
    this.#source = context.createMediaStreamSource(new MediaStream([track]));
    this.#analyser = new AnalyserNode(context, { fftSize: this.#buffer.length, smoothingTimeConstant: 0 });
    this.#source.connect(this.#analyser);
  }

  #look() {
    const level = this.#analyser ? shownLevel(peakOf(this.#analyser, this.#buffer)) : 0;
    const next = Math.max(level, this.#shown * 0.82);
    if (Math.abs(next - this.#shown) > 0.004 || (next === 0) !== (this.#shown === 0)) {
      this.#fill.style.transform = `scaleX(${next.toFixed(3)})`;
    }
    this.#shown = next < 0.004 ? 0 : next;
    if (++this.#looks % TELL === 0) this.#tell(this.#shown);
  }

  /** @param {number} level */
  #tell(level) {
    const words = level < 0.05 ? 'device.levelSilent' : level < 0.35 ? 'device.levelQuiet' : level < 0.92 ? 'device.levelGood' : 'device.levelLoud';
    attr(this, 'aria-valuenow', Math.round(level * 100));
    attr(this, 'aria-valuetext', t(words));
  }
}

define('parley-level-meter', ParleyLevelMeter);
