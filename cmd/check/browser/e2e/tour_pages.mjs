// Run in the pages of the tour (tour.test.mjs): a crowd, screens, and faults.

/** Joins under several names from one page, the first two with a camera. @param {{room: string, names: string[]}} options */
export async function joinMany({ room, names }) {
  // @ts-ignore — resolved by the server
  const sdk = await import('/sdk/index.js');
  const rooms = names.map(() => new sdk.Room());
  Object.assign(window, { rooms });
  for (const [i, name] of names.entries()) await rooms[i].connect({ url: location.origin, room, name, identity: `crowd-${room}-${i}`, audio: false, video: i < 2 });
}

/** A screen that shows slides, or this very meeting. */
export function slides() {
  navigator.mediaDevices.getDisplayMedia = async () => {
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: 1280, height: 720 });
    const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    const paint = () => {
      c.fillStyle = '#fbfaf7';
      c.fillRect(0, 0, 1280, 720);
      ['#2f6f8f', '#c2543d', '#e0b040', '#32756b'].forEach((colour, i) => {
        c.fillStyle = colour;
        c.fillRect(100 + i * 280, 620 - (i + 2) * 80, 180, (i + 2) * 80);
      });
    };
    paint();
    setInterval(paint, 200);
    const [track] = canvas.captureStream(5).getVideoTracks();
    track.getSettings = () => ({ displaySurface: 'monitor' });
    return new MediaStream([track]);
  };
}

/** A microphone without a sound, sound that needs a click, and a media path that can break. */
export function faulty() {
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function () {
    this.frequency.value = 0;
    start.call(this);
  };
  const { play } = HTMLMediaElement.prototype;
  let allowed = false;
  addEventListener('click', (e) => (allowed ||= e.target instanceof Element && e.target.closest('.banner') !== null), true);
  HTMLMediaElement.prototype.play = function () {
    if (this instanceof HTMLAudioElement && !this.muted && !allowed) return Promise.reject(new DOMException('no gesture', 'NotAllowedError'));
    return play.call(this);
  };
  const real = /** @type {() => string} */ (Object.getOwnPropertyDescriptor(RTCPeerConnection.prototype, 'connectionState')?.get);
  /** @type {Set<RTCPeerConnection>} */
  const peers = new Set();
  let state = '';
  Object.defineProperty(RTCPeerConnection.prototype, 'connectionState', {
    get() {
      peers.add(this);
      return state || real.call(this);
    },
  });
  Object.assign(window, {
    become: (/** @type {string} */ now) => {
      state = now;
      for (const pc of peers) pc.dispatchEvent(new Event('connectionstatechange'));
    },
  });
}
