// Runs in the page before anything else: a camera that is a drawn person in a
// room, one of their own for each, for pictures that can be shown around.

/** @param {{look: number, width: number, height: number}} options look: which person, from 0 */
export function scenery({ look, width, height }) {
  const media = navigator.mediaDevices;
  if (!media) return;
  const get = media.getUserMedia.bind(media);
  const LOOKS = [
    { wall: ['#d8c7b0', '#b9a081'], skin: '#e8b690', hair: '#4b2e1e', shirt: '#2f6f8f', style: 'long', prop: 'shelf' },
    { wall: ['#c4d5d0', '#8fb0a7'], skin: '#c68a5e', hair: '#1d1714', shirt: '#c2543d', style: 'short', prop: 'plant' },
    { wall: ['#cfd3e4', '#9aa3c4'], skin: '#f2cba8', hair: '#b8863b', shirt: '#4b5b2f', style: 'bun', prop: 'window' },
    { wall: ['#e4d3c8', '#c49d8a'], skin: '#8a5a3c', hair: '#17110e', shirt: '#e0b040', style: 'curls', prop: 'frame' },
    { wall: ['#d5dfe6', '#a3b7c6'], skin: '#efc39c', hair: '#2a2626', shirt: '#6d4a7e', style: 'short', prop: 'shelf' },
    { wall: ['#dfe0d0', '#b3b58f'], skin: '#dca47c', hair: '#7a3b20', shirt: '#32756b', style: 'long', prop: 'plant' },
  ];
  const { wall, skin, hair, shirt, style, prop } = LOOKS[look % LOOKS.length];
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const u = height / 100;

  /** @param {string} fill @param {number} x @param {number} y @param {number} rx @param {number} ry */
  const oval = (fill, x, y, rx, ry) => {
    c.fillStyle = fill;
    c.beginPath();
    c.ellipse(x * u, y * u, rx * u, ry * u, 0, 0, 7);
    c.fill();
  };
  /** @param {string} fill @param {number} x @param {number} y @param {number} w @param {number} h @param {number} [r] */
  const box = (fill, x, y, w, h, r = 0) => {
    c.fillStyle = fill;
    c.beginPath();
    c.roundRect(x * u, y * u, w * u, h * u, r * u);
    c.fill();
  };

  const room = () => {
    const shade = c.createLinearGradient(0, 0, width, height);
    shade.addColorStop(0, wall[0]);
    shade.addColorStop(1, wall[1]);
    c.fillStyle = shade;
    c.fillRect(0, 0, width, height);
    if (prop === 'shelf') {
      box('#8a6647', 8, 30, 44, 3);
      ['#a34a3a', '#3d6a7a', '#d2a64a', '#5b7a4c', '#7a5a86', '#c9b79a'].forEach((colour, i) => box(colour, 11 + i * 6, 30 - 14 - (i % 3) * 3, 4.6, 14 + (i % 3) * 3, 0.6));
    } else if (prop === 'plant') {
      for (let i = -3; i <= 3; i++) {
        c.save();
        c.translate(148 * u, 78 * u);
        c.rotate(i * 0.32);
        c.translate(-148 * u, -78 * u);
        oval(i % 2 ? '#3f7a4d' : '#53935f', 148, 58, 3.4, 20);
        c.restore();
      }
      box('#b5653f', 140, 76, 16, 24, 2);
    } else if (prop === 'window') {
      box('#f7fbff', 112, 8, 52, 54, 1);
      box('#a9cbe6', 114, 10, 48, 50, 1);
      oval('#eef5fa', 128, 26, 9, 4);
      oval('#eef5fa', 136, 28, 8, 3.4);
      box('#f7fbff', 137, 8, 2, 54);
    } else {
      box('#5a4636', 118, 12, 38, 30, 1);
      box('#f3ead9', 120.5, 14.5, 33, 25);
      oval('#d9825b', 131, 27, 7, 7);
      oval('#4d7f86', 143, 30, 6, 6);
    }
  };

  /** @param {number} t seconds */
  const person = (t) => {
    const x = 89 + Math.sin(t * 0.7 + look) * 1.4;
    const y = 48 + Math.sin(t * 1.1 + look * 2) * 0.7;
    if (style === 'long') oval(hair, x, y + 10, 19, 29);
    oval(shirt, 89, 112, 42, 36);
    box(skin, x - 6, y + 12, 12, 20, 5);
    if (style === 'curls') for (let i = 0; i < 9; i++) oval(hair, x + Math.cos(Math.PI + (i * Math.PI) / 8) * 17, y - 6 + Math.sin(Math.PI + (i * Math.PI) / 8) * 17, 8, 8);
    if (style === 'bun') oval(hair, x, y - 25, 8, 7);
    oval(skin, x, y, 15.5, 20);
    c.save();
    c.beginPath();
    c.rect(0, 0, width, (y - 6) * u);
    c.clip();
    oval(hair, x, y - 1, 17, 21.5);
    c.restore();
    oval(skin, x, y + 1, 13.6, 13);
    const blink = (t + look * 1.7) % 4 < 0.14 ? 0.3 : 1.7;
    oval('#2b2320', x - 5.4, y - 1, 1.5, blink);
    oval('#2b2320', x + 5.4, y - 1, 1.5, blink);
    c.strokeStyle = '#8d4a3c';
    c.lineWidth = 1.3 * u;
    c.lineCap = 'round';
    c.beginPath();
    c.arc(x * u, (y + 6) * u, 5 * u, 0.35, Math.PI - 0.35);
    c.stroke();
  };

  const began = performance.now();
  const draw = () => {
    room();
    person((performance.now() - began) / 1000);
  };
  draw();

  media.getUserMedia = async (wanted = {}) => {
    // One speaks, the others listen.
    const silence = () => new AudioContext().createMediaStreamDestination().stream;
    const stream = !wanted.audio ? new MediaStream() : look === 1 ? await get({ audio: wanted.audio }) : silence();
    if (!wanted.video) return stream;
    const [track] = canvas.captureStream(8).getVideoTracks();
    const timer = setInterval(draw, 120);
    const stop = track.stop.bind(track);
    track.stop = () => {
      clearInterval(timer);
      stop();
    };
    stream.addTrack(track);
    return stream;
  };

  media.getDisplayMedia = async () => {
    const slide = document.createElement('canvas');
    slide.width = 1280;
    slide.height = 720;
    const s = /** @type {CanvasRenderingContext2D} */ (slide.getContext('2d'));
    const paint = () => {
      s.fillStyle = '#fbfaf7';
      s.fillRect(0, 0, 1280, 720);
      s.fillStyle = '#1e3a40';
      s.font = '600 52px sans-serif';
      s.fillText('Autumn plan', 80, 120);
      ['#2f6f8f', '#c2543d', '#e0b040', '#32756b'].forEach((colour, i) => {
        s.fillStyle = colour;
        s.fillRect(100 + i * 280, 620 - (i + 2) * 80, 180, (i + 2) * 80);
      });
      s.fillRect(80, 622, 1120, 4);
    };
    paint();
    const timer = setInterval(paint, 200);
    const [track] = slide.captureStream(5).getVideoTracks();
    track.addEventListener('ended', () => clearInterval(timer));
    return new MediaStream([track]);
  };
}
