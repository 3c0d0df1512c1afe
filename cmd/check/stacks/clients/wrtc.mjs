// Google's libwebrtc inside Node (@roamhq/wrtc).
import wrtc from '@roamhq/wrtc';
import { gathered, obey, versionOf } from './lines.mjs';

const { RTCPeerConnection, nonstandard } = wrtc;

const sound = new nonstandard.RTCAudioSource();
const picture = new nonstandard.RTCVideoSource();
const pc = new RTCPeerConnection();
pc.addTransceiver(sound.createTrack(), { direction: 'sendonly' });
pc.addTransceiver(picture.createTrack(), { direction: 'sendonly' });
pc.addTransceiver('audio', { direction: 'recvonly' });
pc.addTransceiver('video', { direction: 'recvonly' });

const SAMPLES = 480; // 10 ms
const samples = new Int16Array(SAMPLES);
let at = 0;
function playSound() {
  for (let i = 0; i < SAMPLES; i++) samples[i] = 8000 * Math.sin(((at++ % 48000) * 2 * Math.PI * 440) / 48000);
  sound.onData({ samples, sampleRate: 48000, bitsPerSample: 16, channelCount: 1, numberOfFrames: SAMPLES });
}

const WIDTH = 320;
const HEIGHT = 180;
const data = new Uint8Array((WIDTH * HEIGHT * 3) / 2).fill(128);
function showPicture() {
  data.fill(at % 256, 0, WIDTH * HEIGHT);
  picture.onFrame({ width: WIDTH, height: HEIGHT, data });
}

async function offer(options) {
  await pc.setLocalDescription(await pc.createOffer(options));
  return gathered(pc);
}

await obey(`@roamhq/wrtc ${versionOf('@roamhq/wrtc')}`, {
  offer: () => offer({}),
  restart: () => offer({ iceRestart: true }),
  async answer({ sdp }) {
    await pc.setRemoteDescription({ type: 'answer', sdp });
    setInterval(playSound, 10);
    setInterval(showPicture, 66);
  },
  async stats() {
    const count = { audio: 0, video: 0 };
    for (const report of (await pc.getStats()).values()) {
      if (report.type === 'inbound-rtp') count[report.kind] += report.packetsReceived ?? 0;
    }
    return count;
  },
});
process.exit(0); // pc.close() may wait for ever
