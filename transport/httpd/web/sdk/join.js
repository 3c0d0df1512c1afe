import { Room } from './room.js';

/**
 * Joins a meeting: the common case in one call.
 * @param {string} url  "https://host/r/room", or "https://host" with options.room
 * @param {Omit<import('./index.js').ConnectOptions, 'url'> & import('./index.js').RoomOptions} options
 */
export async function join(url, { reconnect, platform, ...options }) {
  const room = new Room({ reconnect, platform });
  await room.connect({ ...options, url });
  return room;
}
