// The hand-written declarations say what the code is: each side is assigned
// to the other's type.
import type * as declared from '../../../../transport/httpd/web/sdk/index.js';
import { Room } from '../../../../transport/httpd/web/sdk/room.js';
import { join } from '../../../../transport/httpd/web/sdk/join.js';
import * as devices from '../../../../transport/httpd/web/sdk/devices.js';
import * as errors from '../../../../transport/httpd/web/sdk/errors.js';

// JSDoc can not overload addEventListener for typed events, nor name a method
// by a symbol that some browsers lack.
type DeclaredRoom = Omit<declared.Room, 'addEventListener' | typeof Symbol.asyncDispose>;

declare const room: Room;
export const asRoom: DeclaredRoom = room;
export const asLocal: declared.LocalParticipant = room.localParticipant;
export const asRemote: ReadonlyMap<string, declared.RemoteParticipant> = room.remoteParticipants;
export const asChat: declared.Chat = room.chat;
export const asDevices: typeof declared.devices = devices;
export const asErrors: typeof declared.errors = errors;
export const asError: declared.ParleyError = new errors.ParleyError('internal');
export const asJoin: (...args: Parameters<typeof declared.join>) => Promise<DeclaredRoom> = join;
export const asConstructor: new (options?: declared.RoomOptions) => DeclaredRoom = Room;
