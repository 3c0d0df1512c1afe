import { join } from './index.js';

/** @type {(id: string) => any} */
const $ = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const room = await join(import.meta.url.replace('/sdk/example.js', ''), { room: query.get('room') ?? 'example', name: query.get('name') ?? 'Guest', audio: true, video: true });
$('state').textContent = `in ${room.name}`;

room.on('trackSubscribed', ({ participant, stream, seat }) => {
  const tile = $(`seat-${seat}`) ?? $('tiles').appendChild(document.createElement('video'));
  Object.assign(tile, { id: `seat-${seat}`, title: participant.name, width: 320, height: 180, playsInline: true, srcObject: stream });
  room.play(tile);
});
room.on('trackUnsubscribed', ({ seat, track }) => track.kind === 'audio' && $(`seat-${seat}`)?.remove());
room.on('audioPlaybackChanged', ({ playing }) => !playing && addEventListener('click', () => room.startAudio(), { once: true }));
room.on('reconnecting', ({ attempt }) => ($('state').textContent = `reconnecting, attempt ${attempt}`));
room.on('reconnected', () => ($('state').textContent = `in ${room.name}`));
room.on('disconnected', ({ reason }) => ($('state').textContent = `ended: ${reason}`));

const show = (/** @type {{name: string, text: string}} */ { name, text }) => ($('chat').appendChild(document.createElement('li')).textContent = `${name}: ${text}`);
room.chat.messages.forEach(show);
room.on('chatMessage', ({ message }) => show(message));
$('say').addEventListener('submit', async (/** @type {any} */ event) => {
  event.preventDefault();
  const { text } = event.target.elements;
  await room.chat.send(text.value);
  text.value = '';
});
$('leave').addEventListener('click', () => room.leave());
