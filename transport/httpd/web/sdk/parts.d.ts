/**
 * What the parts of the SDK hand to each other. Only types, which so weigh
 * nothing on the page's way into a meeting.
 */
import type { Emit } from './events.js';
import type { ReconnectPolicy, RoomState, Summary } from './index.js';
import type { LocalMedia } from './local_media.js';
import type { MuteSync } from './mute_sync.js';
import type { Platform } from './platform.js';
import type { MeetingState } from './state.js';
import type { View } from './view.js';

/** How to get in. */
export interface Entry {
  /** The server's address. */
  server: string;
  socket: string;
  room: string;
  identity: string;
  echo: boolean;
  seats: number;
}

export interface SessionParts {
  platform: Platform;
  policy: ReconnectPolicy;
  emit: Emit;
  state: MeetingState;
  media: LocalMedia;
  mutes: MuteSync;
  view: View;
  onState(state: RoomState): void;
  /** Called once. */
  onEnd(end: { reason: string; retryable: boolean; summary: Summary | null }): void;
}

/** Both tracks of a seat, with a stream of both for one media element. */
export interface SeatSections {
  audio: RTCRtpTransceiver;
  video: RTCRtpTransceiver;
  stream: MediaStream;
}

/** Not in every browser, nor in the type checker's library. */
export interface ExtensionControl {
  getHeaderExtensionsToNegotiate(): { uri: string; direction: string }[];
  setHeaderExtensionsToNegotiate(extensions: { uri: string; direction: string }[]): void;
}
