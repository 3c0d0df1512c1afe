// werift: WebRTC in TypeScript.
import { MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket } from 'werift';
import { gathered, obey, versionOf } from './lines.mjs';

// Without a list of its own it asks a STUN server of the Internet.
const pc = new RTCPeerConnection({ iceServers: [], iceAdditionalHostAddresses: ['127.0.0.1', '::1'], bundlePolicy: 'max-bundle' });
const microphone = new MediaStreamTrack({ kind: 'audio' });
pc.addTransceiver(microphone, { direction: 'sendonly' });
const count = { audio: 0, video: 0 };
for (const kind of /** @type {const} */ (['audio', 'video'])) {
  pc.addTransceiver(kind, { direction: 'recvonly' }).onTrack.subscribe((track) => track.onReceiveRtp.subscribe(() => void count[kind]++));
}

const SILENCE = Buffer.from([0xf8, 0xff, 0xfe]); // Opus, 20 ms
let sequenceNumber = 1;
function sendSound() {
  const header = new RtpHeader({ payloadType: 96, sequenceNumber, timestamp: sequenceNumber * 960, ssrc: 1, marker: false });
  sequenceNumber = (sequenceNumber + 1) % 65536;
  microphone.writeRtp(new RtpPacket(header, SILENCE));
}

async function offer(options) {
  await pc.setLocalDescription(await pc.createOffer(options));
  return gathered(pc);
}

await obey(`werift ${versionOf('werift')}`, {
  offer: () => offer({}),
  restart: () => offer({ iceRestart: true }),
  async answer({ sdp }) {
    await pc.setRemoteDescription({ type: 'answer', sdp });
    setInterval(sendSound, 20);
  },
  stats: () => count,
});
process.exit(0);
