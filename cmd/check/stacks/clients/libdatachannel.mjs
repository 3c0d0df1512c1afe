// libdatachannel with libjuice, OpenSSL and libsrtp (node-datachannel).
import nodeDataChannel from 'node-datachannel';
import { obey, versionOf } from './lines.mjs';

const pc = new nodeDataChannel.PeerConnection('stack', { iceServers: [], disableAutoNegotiation: true });
const count = { audio: 0, video: 0 };

const microphone = new nodeDataChannel.Audio('0', 'SendOnly');
microphone.addOpusCodec(111);
microphone.addSSRC(1001, 'stack');
const heard = new nodeDataChannel.Audio('1', 'RecvOnly');
heard.addOpusCodec(111);
const seen = new nodeDataChannel.Video('2', 'RecvOnly');
seen.addVP8Codec(96);
const [mic, ...seat] = [microphone, heard, seen].map((section) => pc.addTrack(section));
// The receiving tracks hear RTCP too (RFC 5761 §4).
const isRTP = (/** @type {Buffer} */ packet) => packet[1] < 192 || packet[1] > 223;
seat.forEach((track, i) => track.onMessage((packet) => void (isRTP(packet) && count[i ? 'video' : 'audio']++)));

let sequence = 1;
function sendSound() {
  if (!mic.isOpen()) return;
  const packet = Buffer.from('806f000000000000000003e9f8fffe', 'hex'); // SSRC 1001, 20 ms of silence
  packet.writeUInt16BE(sequence % 65536, 2);
  packet.writeUInt32BE((sequence++ * 960) % 2 ** 32, 4);
  mic.sendMessageBinary(packet);
}

await obey(`node-datachannel ${versionOf('node-datachannel')}, libdatachannel ${nodeDataChannel.getLibraryVersion()}`, {
  async offer() {
    pc.setLocalDescription('offer');
    for (let tries = 0; pc.gatheringState() !== 'complete' && tries < 100; tries++) await new Promise((next) => setTimeout(next, 50));
    return { sdp: pc.localDescription()?.sdp };
  },
  answer({ sdp }) {
    pc.setRemoteDescription(sdp ?? '', 'answer');
    setInterval(sendSound, 20);
  },
  stats: () => count,
});
process.exit(0);
