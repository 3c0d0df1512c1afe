// Somebody who knows only the declarations writes against the SDK.
import { join, Room, devices, errors, ParleyError } from '../../../../transport/httpd/web/sdk/index.js';
import type { ChatMessage, Participant, RoomEvents, Source, Summary } from '../../../../transport/httpd/web/sdk/index.js';

export async function meet(signal: AbortSignal): Promise<Summary | null> {
  const room = await join('https://meet.example.org/r/tea', { name: 'Ada', audio: true, video: { width: 640, height: 360 }, signal });
  const off: () => void = room.on('trackSubscribed', ({ participant, source, track, stream, reused }) => {
    const name: string = participant.name;
    const what: Source = source;
    void [name, what, track.kind, stream.id, reused];
  });
  room.addEventListener('chatMessage', (event) => {
    const message: ChatMessage = event.detail.message;
    void message.text;
  });
  room.on('activeSpeakersChanged', ({ speakers }) => speakers.map((p: Participant) => p.level));
  // @ts-expect-error — there is no such event
  room.on('trackSubscribe', () => {});
  // @ts-expect-error — state can not be set
  room.state = 'connected';
  room.setView([...room.remoteParticipants.values()].map((participant) => ({ participant, source: 'camera', width: 320, height: 180 })));
  await room.localParticipant.setScreenShareEnabled(true, { audio: false });
  const { streams } = await room.stats();
  void streams.filter((s) => s.dir === 'receive' && s.bitrate > 0);
  off();
  return room.leave();
}

export async function preview(): Promise<void> {
  const { camera, errors: failed } = await devices.open({ audio: true, video: true });
  if (failed.camera?.code === 'system_denied') return;
  await using room = new Room({ reconnect: { nextDelayMs: ({ attempt }) => (attempt < 3 ? 500 : null) } });
  await room.connect({ room: 'tea', name: 'Ada', video: camera ?? false });
}

export function explain(error: unknown): string {
  if (!(error instanceof ParleyError) || !(error instanceof errors.ParleyError)) return 'internal';
  // @ts-expect-error — a misspelt code
  if (error.code === 'permision_denied') return '';
  return error.retryable ? error.code : 'final';
}

export type Left = RoomEvents['disconnected']['reason'];
export const left: Left = 'left';
