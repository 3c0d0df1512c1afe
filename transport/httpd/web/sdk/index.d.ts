/**
 * Parley's browser SDK: join a meeting, send and receive sound and pictures.
 * Served by every Parley server at `/sdk/index.js`. See README.md beside it.
 */

/** What a participant can send. At most one track of each. */
export type Source = 'microphone' | 'camera' | 'screen' | 'screen_audio';

/** Sources that are pictures. */
export type PictureSource = 'camera' | 'screen';

export type RoomState = 'disconnected' | 'connecting' | 'connected' | 'reconnecting';

/** State of the media connection, apart from the signalling socket. */
export type MediaState = 'new' | 'connecting' | 'connected' | 'interrupted' | 'failed';

/**
 * Whether the server says anything while the socket is open: 'late' with an answer for more
 * than 0.7 s, 'silent' when nothing at all has come for about 4 s, as of a process that was stopped.
 */
export type ServerState = 'answering' | 'late' | 'silent';

export type ConnectionQuality = 'excellent' | 'good' | 'poor' | 'lost';

// ---------------------------------------------------------------- errors --

export type MediaErrorCode =
  | 'permission_denied' // the person or a policy said no
  | 'system_denied' // the operating system said no although the browser may
  | 'not_found' // no such device
  | 'in_use' // another program holds the device
  | 'other'
  | 'cancelled' // the screen picker was closed
  | 'insecure_context' // the page came neither over HTTPS nor from localhost
  | 'unsupported'; // this browser can not

/** Codes the SDK itself makes. */
export type ClientErrorCode =
  | 'aborted' // the AbortSignal fired, or leave() was called meanwhile
  | 'bad_url'
  | 'connect_failed' // the server can not be reached
  | 'connection_lost' // the socket went away with the request unanswered
  | 'not_connected' // asked for while not in a meeting
  | 'busy' // too many requests are waiting for the connection to return
  | 'timeout' // no answer in time
  | 'reconnect_failed' // given up after the policy's last attempt
  | 'webrtc_failed' // the browser refused the server's answer
  | 'bad_message'; // the server sent something that is not the protocol

/** Codes of the server, see engine/wire/PROTOCOL.md. */
export type ServerErrorCode =
  | 'bad_json' | 'too_deep' | 'too_large' | 'unknown_type' | 'missing_field' | 'bad_field'
  | 'rate_limited' | 'bad_order' | 'not_joined' | 'already_joined'
  | 'bad_room' | 'bad_name' | 'room_full' | 'server_full' | 'too_many_rooms' | 'draining' | 'resume_gone'
  | 'unavailable' | 'denied'
  | 'no_such_room' | 'not_yet' | 'expired' | 'locked' | 'banned' | 'not_listed' | 'password_needed' | 'bad_password'
  | 'token_needed' | 'bad_token' | 'token_expired' | 'token_early' | 'token_room' | 'revoked' | 'bad_settings'
  | 'forbidden_origin' | 'foreign_host' | 'server_busy'
  | 'bad_sdp' | 'sdp_profile' | 'sdp_too_large' | 'sdp_mismatch' | 'no_codec' | 'too_many_seats'
  | 'not_allowed' | 'no_such_participant' | 'no_such_source' | 'chat_too_long' | 'chat_full' | 'store_failed' | 'unknown_outcome'
  | 'duplicate_identity' | 'removed' | 'ended' | 'room_yielded' | 'shutdown' | 'media_failed'
  | 'timeout' | 'internal' | 'replaced' | 'moved';

/** Newer servers may know more codes; treat an unknown one as 'internal'. */
export type ErrorCode = MediaErrorCode | ClientErrorCode | ServerErrorCode;

export class ParleyError extends Error {
  constructor(
    code: string,
    options?: { message?: string; retryable?: boolean; retryAfterMs?: number; source?: Source; limit?: string; origin?: string; host?: string; cause?: unknown },
  );
  /** Stable; what programs and translations go by. */
  readonly code: ErrorCode;
  /** Whether the same call may succeed later without anything being changed. */
  readonly retryable: boolean;
  /** How long the server asks to wait, 0 if it does not say. */
  readonly retryAfterMs: number;
  /** The source a media error is about. */
  readonly source: Source | undefined;
  /** With rate_limited, which limit of the server it is: 'opens', 'sockets', 'joins' …; '' if it does not say. */
  readonly limit: string;
  /** With forbidden_origin and foreign_host, what the server saw: a proxy may have changed it. */
  readonly origin: string;
  readonly host: string;
}

export const errors: {
  ParleyError: typeof ParleyError;
  /** Every code above with whether it is retryable by nature. */
  codes: Readonly<Record<string, { retryable: boolean }>>;
  /** Wraps what getUserMedia or getDisplayMedia threw. */
  mediaError(error: unknown, source: Source): ParleyError;
};

// --------------------------------------------------------------- devices --

export type DeviceKind = 'audioinput' | 'videoinput' | 'audiooutput';

export interface Device {
  id: string;
  kind: DeviceKind;
  /** Empty until capturing was allowed once. */
  label: string;
  groupId: string;
}

export interface MicrophoneOptions {
  deviceId?: string;
  echoCancellation?: boolean;
  noiseSuppression?: boolean;
  autoGainControl?: boolean;
  voiceIsolation?: boolean;
  /**
   * The sound as it is, for music: none of the above whatever they say, up to
   * 128 kbit/s. The track's contentHint is then 'music'; a track of your own that
   * has this hint is sent so, too.
   */
  music?: boolean;
}

export interface CameraOptions {
  deviceId?: string;
  /** Front ('user') or back ('environment') camera of a phone. */
  facingMode?: 'user' | 'environment';
  /** Wanted size in pixels; 1280 × 720 unless told. */
  width?: number;
  height?: number;
  frameRate?: number;
  backgroundBlur?: boolean;
}

export interface ScreenOptions {
  /** Ask for the sound too. Default true; not every browser can. */
  audio?: boolean;
  /** 'detail' keeps text sharp (default), 'motion' keeps films smooth. */
  contentHint?: 'detail' | 'text' | 'motion';
}

export interface OpenedTracks {
  microphone?: MediaStreamTrack;
  camera?: MediaStreamTrack;
  /** Why a wanted one is missing. */
  errors: { microphone?: ParleyError; camera?: ParleyError };
}

export const devices: {
  /** The devices now present. */
  list(): Promise<Record<DeviceKind, Device[]>>;
  /** Calls fn when a device comes or goes; returns a function that stops it. */
  onChange(fn: () => void, options?: { signal?: AbortSignal }): () => void;
  /** What the browser would say if asked; 'unknown' where it does not tell. */
  permission(kind: 'microphone' | 'camera'): Promise<'granted' | 'denied' | 'prompt' | 'unknown'>;
  /** Calls fn with the new permission whenever it changes. */
  onPermissionChange(
    kind: 'microphone' | 'camera',
    fn: (state: 'granted' | 'denied' | 'prompt') => void,
    options?: { signal?: AbortSignal },
  ): () => void;
  /**
   * Opens microphone and camera with one prompt; what can not be had is told
   * in `errors` and does not cost the other. For previews: hand the tracks to
   * `join` afterwards, or stop them.
   */
  open(wanted: { audio?: boolean | MicrophoneOptions; video?: boolean | CameraOptions }): Promise<OpenedTracks>;
  /** Whether an output device can be chosen (HTMLMediaElement.setSinkId). */
  canChooseOutput(): boolean;
  /** What this browser can do; `missing` names what the SDK can not do without. */
  support(): { secure: boolean; capture: boolean; screen: boolean; webrtc: boolean; missing: string[] };
};

// ------------------------------------------------------------ participants --

export interface SourceState {
  muted: boolean;
  /** SDP encoding name: 'opus', 'VP8', 'H264' … */
  codec: string;
}

/** What the server sees of somebody's connection. */
export interface NetworkFigures {
  /** Shares of packets lost, 0 … 1. */
  upLoss: number;
  downLoss: number;
  /** Round trip to the server, 0 if unknown. */
  rttMs: number;
}

export interface Participant {
  readonly id: string;
  readonly name: string;
  readonly isLocal: boolean;
  /** 'person', or 'echo' in a setup test. */
  readonly kind: string;
  /** Unix milliseconds, server time. */
  readonly joinedAt: number;
  readonly isSpeaking: boolean;
  /** Loudness while speaking, 0 … 1. */
  readonly level: number;
  readonly quality: ConnectionQuality | undefined;
  readonly network: NetworkFigures | undefined;
}

export interface RemoteParticipant extends Participant {
  readonly isLocal: false;
  /** The signalling socket is lost; may still be seen and heard. */
  readonly away: boolean;
  /** What they can send and whether they do. */
  readonly sources: ReadonlyMap<Source, SourceState>;
  /** Tracks that are in a seat here now. */
  readonly tracks: ReadonlyMap<Source, MediaStreamTrack>;
  /** Pictures that are in a seat here, are on, and do not come: why, see `trackSubscriptionFailed`. */
  readonly problems: ReadonlyMap<Source, string>;
  isMuted(source: Source): boolean;
}

export interface LocalTrack {
  track: MediaStreamTrack;
  muted: boolean;
}

export interface LocalParticipant extends Participant {
  readonly isLocal: true;
  /** What is captured now. A camera that is off has no entry. */
  readonly tracks: ReadonlyMap<Source, LocalTrack>;
  readonly isMicrophoneEnabled: boolean;
  readonly isCameraEnabled: boolean;
  readonly isScreenShareEnabled: boolean;
  /** Why a source that was wanted is not there. */
  readonly mediaErrors: ReadonlyMap<Source, ParleyError>;
  /**
   * Turns the microphone on or off. Off keeps the device open, silent, so
   * that on is immediate. Options given while it is on take effect at once.
   * Works before connect() too. Throws a media error when it can not be had.
   */
  setMicrophoneEnabled(on: boolean, options?: MicrophoneOptions): Promise<void>;
  /** Turns the camera on or off. Off releases the device and its light. */
  setCameraEnabled(on: boolean, options?: CameraOptions): Promise<void>;
  /** Starts or ends sharing a screen. Must be called from a click. */
  setScreenShareEnabled(on: boolean, options?: ScreenOptions): Promise<void>;
  /**
   * Uses another device, now if its source is on and for later otherwise.
   * 'audiooutput' is only remembered and announced (activeDeviceChanged):
   * whoever plays the sound calls setSinkId.
   */
  switchActiveDevice(kind: DeviceKind, id: string): Promise<void>;
  /** The chosen device of a kind, '' for the browser's default. */
  activeDevice(kind: DeviceKind): string;
  setHand(raised: boolean): Promise<void>;
  react(emoji: string): Promise<void>;
  /** Shows a caption line to everyone; final marks it as complete. */
  caption(text: string, final: boolean): Promise<void>;
  rename(name: string): Promise<void>;
}

// ------------------------------------------------------------------- chat --

export interface ChatMessage {
  id: string;
  key: string;
  /** Id of the sender at that time, who may have left long ago. */
  participant: string;
  name: string;
  /** Unix milliseconds, server time. */
  at: number;
  text: string;
  /** Participant id if the text is private. */
  to?: string;
}

export interface Chat {
  /** Oldest first, with what was said before; the last 1000. */
  readonly messages: readonly ChatMessage[];
  /**
   * Says something; resolves when it is on the server's disk. While
   * reconnecting it waits and is sent afterwards, once. It rejects when it is
   * certain that it was not said; to repeat it give the same key: the server
   * stores a key only once. While nobody knows, the promise stays open and the
   * SDK asks again; it rejects with what left it open if the stay ends before.
   */
  send(text: string, options?: { to?: string; key?: string }): Promise<ChatMessage>;
  /** One's own texts that are not said yet, oldest first; `chatTextChanged` tells of each. */
  readonly outgoing: readonly OwnText[];
  /** Forgets a text that failed, or whose outcome is unknown: it is not asked for again, but may be said yet. */
  discard(key: string): void;
}

/** A text of one's own on its way; the same object until it is said. */
export interface OwnText {
  readonly key: string;
  readonly text: string;
  /** Id of whom a private text is for, '' for everyone. */
  readonly to: string;
  /**
   * 'sending'; 'waiting': for 2 s, for the server's disk or for the connection;
   * 'unknown': nobody knows yet whether it was said, and it is asked for again,
   * with pauses, until that is settled; 'failed': it was not said, see error, and
   * is kept until it is sent again or discarded; 'said' and 'discarded': it is
   * not in `outgoing` any more.
   */
  state: 'sending' | 'waiting' | 'unknown' | 'failed' | 'said' | 'discarded';
  /** Why it failed or is unknown. */
  error: ParleyError | null;
}

// ------------------------------------------------------------------- stats --

export interface StreamStats {
  dir: 'send' | 'receive';
  kind: 'audio' | 'video';
  source: Source;
  /** Participant id, the local one for what is sent. */
  participant: string;
  /** Seat number of what is received. */
  seat?: number;
  /** Bits per second since the last call; 0 at the first. */
  bitrate: number;
  /** Share of packets lost since the last call, 0 … 1. */
  loss: number;
  /** Milliseconds; undefined while unknown. */
  rtt?: number;
  jitter?: number;
  fps?: number;
  width?: number;
  height?: number;
  codec?: string;
  /** Simulcast layer: 'q', 'h', 'f', or '' when there is only one. */
  layer?: string;
  /**
   * Why: received: 'started', 'size' (fits the tile) or 'available' (the wanted one is
   * not sent); sent: 'none', 'cpu', 'bandwidth' or 'other' limit it.
   */
  reason?: string;
  /** Totals since the stream began. */
  freezes?: number;
  packets: number;
  nacks?: number;
  plis?: number;
}

export interface RoomStats {
  /** Unix milliseconds. */
  at: number;
  streams: StreamStats[];
  connection: {
    state: MediaState;
    /** Round trip of the media path in milliseconds. */
    rtt?: number;
    /** Bits per second. */
    availableOut?: number;
    sent: number;
    received: number;
    /** 'udp' or 'tcp', and the addresses as "ip:port". */
    protocol?: string;
    local?: string;
    remote?: string;
  };
}

// -------------------------------------------------------------------- room --

export interface Meeting {
  id: string;
  /** The room's key: what all ways of typing its name have in common. */
  room: string;
  /** Its name as people see it: as it was typed by who opened it. */
  title: string;
  /** Unix milliseconds, server time. */
  startedAt: number;
  serverVersion: string;
  limits: { chatRunes: number; nameRunes: number; captionRunes: number; seats: number; messageBytes: number; muteFrom: number };
}

export interface Summary {
  meeting: string;
  joinedAt: number;
  leftAt: number;
  durationMs: number;
  /** Most people at once. */
  peak: number;
  /** Texts to everyone while here. */
  messages: number;
}

/** What the server keeps of a meeting, as those may see it who were in it. */
export interface MeetingRecord {
  meeting: string;
  /** The room's key, and its name as people saw it. */
  room: string;
  title: string;
  /** Times are Unix milliseconds, server time. */
  startedAt: number;
  /** Undefined while it runs. */
  endedAt: number | undefined;
  /** Most people at once. */
  peak: number;
  /** In the order they first joined; who left and came back by the same name is there once. */
  participants: {
    name: string;
    isLocal: boolean;
    /** leftAt is undefined while there. */
    stays: { joinedAt: number; leftAt: number | undefined }[];
  }[];
}

export interface ReconnectPolicy {
  /**
   * How long to wait before the next attempt in milliseconds, null to give up.
   * @param context attempt counts from 0, elapsedMs since the loss, error of the last attempt
   */
  nextDelayMs(context: { attempt: number; elapsedMs: number; error: unknown }): number | null;
}

export interface RoomOptions {
  reconnect?: ReconnectPolicy;
  /** What the SDK uses of the browser; replace parts in tests. */
  platform?: Partial<import('./platform.js').Platform>;
}

export interface ConnectOptions {
  /**
   * "https://host/r/room", "https://host/abc-defg-hij" or "https://host", each also below the server's path:
   * "https://host/meet/r/room". Default: the server that these modules came from.
   */
  url?: string;
  /** Room name as it was typed, if the url does not name it. The server folds it. */
  room?: string;
  /** What others see. */
  name: string;
  /**
   * A lasting key of this client. Joining again with it ends the session
   * before. Never shown to others. Default: a new one per Room.
   */
  identity?: string;
  /** Microphone: true, constraints, or a track to hand over (stopped on leave). */
  audio?: boolean | MicrophoneOptions | MediaStreamTrack;
  /** Camera, likewise. */
  video?: boolean | CameraOptions | MediaStreamTrack;
  /** How many people can be seen and heard at once to begin with. Default 9. */
  seats?: number;
  /** A private room that sends back what is sent: the setup test. */
  echo?: boolean;
  /** Gives up joining. */
  signal?: AbortSignal;
}

export interface ViewItem {
  /** Participant or its id. */
  participant: RemoteParticipant | string;
  source: PictureSource;
  /** Size of the tile in device pixels; 0 for "not visible, only heard". */
  width: number;
  height: number;
}

export interface RoomEvents {
  stateChanged: { state: RoomState };
  connected: { room: Room };
  /** Before every attempt. `error` is why the last one failed or the socket was lost. */
  reconnecting: { attempt: number; nextInMs: number; error: ParleyError };
  /** resumed: nothing was missed. Otherwise joined anew: everybody may have a new id. */
  reconnected: { resumed: boolean };
  /** The end. reason is 'left' after leave(), otherwise an error code. */
  disconnected: { reason: 'left' | ErrorCode; retryable: boolean; summary: Summary | null };
  /** State of the media path, for "your network blocks UDP" and the like. */
  mediaStateChanged: { state: MediaState };
  /** 'answering' again as soon as anything comes. */
  serverStateChanged: { state: ServerState };
  participantConnected: { participant: RemoteParticipant };
  /** reason: left, lost, duplicate_identity, removed, shutdown, failed. */
  /**
   * Reason 'lost' may not be the end: who is heard of no more, on the socket nor
   * the media, is connected again, as the same object, when it resumes.
   */
  participantDisconnected: { participant: RemoteParticipant; reason: string };
  participantNameChanged: { participant: Participant; name: string; previous: string };
  participantAway: { participant: RemoteParticipant; away: boolean };
  /**
   * A track of somebody is in a seat. `stream` holds the sound and picture of
   * that seat and is the same object for both events. `reused`: the seat
   * carried something else before, so hide the picture until its first new
   * frame (HTMLVideoElement.requestVideoFrameCallback).
   */
  trackSubscribed: { participant: RemoteParticipant; source: Source; track: MediaStreamTrack; stream: MediaStream; seat: number; reused: boolean };
  trackUnsubscribed: { participant: RemoteParticipant; source: Source; track: MediaStreamTrack; seat: number };
  /**
   * A picture that is on does not come, or not any more. Code 'codec': this
   * browser can not decode it; 'no_media': nothing of it arrives at the server
   * though its sender is there; 'no_keyframe': it arrives, but its sender does
   * not give what a picture begins with. `participant.problems` has it until
   * that is over, which `trackSubscribed` tells.
   */
  trackSubscriptionFailed: { participant: RemoteParticipant; source: Source; seat: number; code: string };
  trackMuted: { participant: Participant; source: Source };
  trackUnmuted: { participant: Participant; source: Source };
  localTrackPublished: { source: Source; track: MediaStreamTrack };
  localTrackUnpublished: { source: Source };
  /**
   * Reason 'rate': the server drops what exceeds so many bits per second of a
   * source, and others miss part of it; told again every 5 s at most while that
   * lasts. Reason 'muted', bitrate 0: a picture has been sent for a minute though
   * it is muted, and nobody gets it; again every five minutes.
   */
  localTrackLimited: { source: Source; reason: 'rate' | 'muted'; bitrate: number };
  /** Loudest first. */
  activeSpeakersChanged: { speakers: Participant[] };
  chatMessage: { message: ChatMessage };
  /** A text of one's own is on its way, has failed, or was said. */
  chatTextChanged: { text: OwnText };
  /** `hands` is the whole queue of participant ids, longest raised first. */
  handChanged: { participant: Participant; raised: boolean; at: number; hands: readonly string[] };
  reaction: { participant: Participant; emoji: string };
  caption: { participant: Participant; text: string; final: boolean };
  connectionQualityChanged: { participant: Participant; quality: ConnectionQuality };
  /** The picture in a seat has another simulcast layer. */
  layerChanged: { participant: RemoteParticipant; source: PictureSource; seat: number; layer: string; width: number; height: number; reason: string };
  /** Capturing failed although nobody awaits it, as when joining; or the server does not take the source (no_codec, sdp_profile …). */
  mediaDevicesError: { source: Source; error: ParleyError };
  /** A device in use is gone. fallback: label of the one now used, null if there is none. */
  deviceLost: { kind: 'audioinput' | 'videoinput'; label: string; fallback: string | null };
  activeDeviceChanged: { kind: DeviceKind; deviceId: string };
  /** Whether sound handed to play() may be heard; if not call startAudio() from a click. */
  audioPlaybackChanged: { playing: boolean };
  /** Whether one's stay is on the server's disk, where `recordPending` left that open. */
  recorded: { recorded: boolean };
  /** The server will stop in so many milliseconds. */
  draining: { inMs: number };
}

export class Room extends EventTarget {
  constructor(options?: RoomOptions);
  readonly state: RoomState;
  readonly mediaState: MediaState;
  readonly serverState: ServerState;
  /** The room's name as people see it, '' before the first connect. */
  readonly name: string;
  readonly meeting: Meeting | null;
  readonly localParticipant: LocalParticipant;
  readonly remoteParticipants: ReadonlyMap<string, RemoteParticipant>;
  readonly chat: Chat;
  /** One's stay is on the server's disk. False when the disk failed: the meeting goes on without. */
  readonly recorded: boolean;
  /** The disk is slow: whether the stay is recorded is not decided, `recorded` tells. */
  readonly recordPending: boolean;
  /** Participant ids, longest raised first. */
  readonly hands: readonly string[];
  /** Who speaks now, loudest first. */
  readonly speakers: readonly Participant[];
  /** Seats negotiated now: how many people can be seen and heard at once. */
  readonly seats: number;
  /** Local or remote participant with this id. */
  participant(id: string): Participant | undefined;
  /** Server's clock now, Unix milliseconds. */
  serverNow(): number;

  /**
   * Joins. Resolves when in the meeting; devices still opening follow as soon
   * as they are there (localTrackPublished or mediaDevicesError). A source that
   * the server does not take costs nothing but itself: what is sent of it already
   * ends with mediaDevicesError, and turning it on rejects with the same code.
   */
  connect(options: ConnectOptions): Promise<void>;
  /** Leaves, stops every track. Null if the server did not say goodbye in 2 s. */
  leave(): Promise<Summary | null>;
  /**
   * What is looked at, most important first; replaces the view before. May be
   * called as often as the layout changes: it is sent every 150 ms at most.
   */
  setView(items: readonly ViewItem[]): void;
  /** Its module is loaded by the first call, which may so fail with connect_failed. */
  stats(): Promise<RoomStats>;
  /** While reconnecting, or while media is interrupted or failed: try now instead of waiting. */
  tryNow(): void;
  /**
   * Rates the meeting, 1 … 5; also after leaving. Rejects with bad_field,
   * not_joined (was not in it), ended (no record of it), rate_limited.
   */
  rate(stars: number, comment?: string): Promise<void>;
  /**
   * Who is or was in the meeting, and when; also after leaving, also when it
   * still runs. Rejects with not_joined (no record says that one was in it),
   * rate_limited, store_failed, connect_failed.
   */
  record(): Promise<MeetingRecord>;
  /** Plays an element or resumes an AudioContext, and watches whether the browser lets it. */
  play(player: HTMLMediaElement | AudioContext): Promise<boolean>;
  readonly canPlayAudio: boolean;
  /** Retries what play() could not start. Call from a click. */
  startAudio(): Promise<boolean>;

  /** Calls fn with the event's detail; returns a function that stops it. */
  on<K extends keyof RoomEvents>(name: K, fn: (detail: RoomEvents[K]) => void, options?: { signal?: AbortSignal; once?: boolean }): () => void;
  addEventListener<K extends keyof RoomEvents>(
    name: K,
    listener: (event: CustomEvent<RoomEvents[K]>) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(name: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
  /** leave() by another name, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Joins a meeting: `new Room(options)` and `connect` in one call. */
export function join(url: string, options: Omit<ConnectOptions, 'url'> & RoomOptions): Promise<Room>;
