// Runs in a page of the soak test: a shared screen that is a canvas, and a
// watch on everything that can be left open.

export function fakeScreen() {
  navigator.mediaDevices.getDisplayMedia = async () => {
    const canvas = document.createElement('canvas');
    canvas.width = 320;
    canvas.height = 180;
    const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    let n = 0;
    const timer = setInterval(() => {
      c.fillStyle = `hsl(${(n += 9)} 60% 50%)`;
      c.fillRect(0, 0, 320, 180);
    }, 200);
    const stream = canvas.captureStream(5);
    const [track] = stream.getVideoTracks();
    const { stop } = track;
    track.stop = () => (clearInterval(timer), stop.call(track));
    return stream;
  };
}

/** Gives window.mediaLeft(): local tracks still live, peer connections not closed. */
export function watchMedia() {
  /** @type {Set<MediaStreamTrack>} */
  const tracks = new Set();
  /** @type {Set<RTCPeerConnection>} */
  const peers = new Set();
  let made = 0;
  const forget = () => {
    for (const track of tracks) if (track.readyState === 'ended') tracks.delete(track);
  };
  const media = navigator.mediaDevices;
  for (const name of /** @type {const} */ (['getUserMedia', 'getDisplayMedia'])) {
    const get = media[name].bind(media);
    media[name] = async (/** @type {any} */ wanted) => {
      const stream = await get(wanted);
      forget();
      for (const track of stream.getTracks()) tracks.add(track);
      return stream;
    };
  }
  const Peer = RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(/** @type {RTCConfiguration | undefined} */ configuration) {
      super(configuration);
      made++;
      peers.add(this);
    }
    close() {
      super.close();
      peers.delete(this);
    }
  };
  Object.assign(window, {
    mediaLeft() {
      forget();
      return { tracks: [...tracks].map((t) => `${t.kind} ${t.label}`), peers: peers.size, made };
    },
  });
}
