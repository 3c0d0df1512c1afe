/**
 * The messages of parley.v1 as they are on the wire; engine/wire/PROTOCOL.md
 * explains them. Only types: nothing here exists at run time.
 */
import type { Source } from './index.js';

export interface Participant {
  id: string;
  name: string;
  kind: string;
  joined_at: number;
  away?: boolean;
  silent?: boolean;
  sources: Partial<Record<Source, { muted: boolean; codec: string }>>;
}

export interface ChatMessage {
  id: string;
  key: string;
  participant: string;
  name: string;
  at: number;
  text: string;
  to?: string;
}

export interface Summary {
  meeting: string;
  joined_at: number;
  left_at: number;
  duration_ms: number;
  peak: number;
  messages: number;
}

export interface SeatMIDs {
  /** Empty: its section was rejected. */
  audio: string;
  /** Missing or empty: the seat is for sound only. */
  video?: string;
}

/** The section of a source, and what the client would like to send in it. */
export interface SourceSection {
  mid: string;
  codec?: string;
}

/** What join and offer say about the media sections. */
export interface MediaOffer {
  offer: string;
  sources: Partial<Record<Source, string | SourceSection>>;
  seats: SeatMIDs[];
}

/** Why the answer rejects a section. */
export interface SectionProblem {
  mid: string;
  source?: Source;
  seat?: number;
  code: string;
  message: string;
}

/** What joined and answer say about the media sections. */
export interface MediaAnswer {
  answer: string;
  problems?: SectionProblem[];
}

export interface Joined extends MediaAnswer {
  type: 'joined';
  participant: string;
  room: string;
  title?: string;
  meeting: string;
  recorded: boolean;
  record_pending?: boolean;
  started_at: number;
  seq: number;
  resume: string;
  resume_ms: number;
  participants: Participant[];
  chat: ChatMessage[] | null;
  hands: string[] | null;
  server_time: number;
  version: string;
  limits: { chat_runes: number; name_runes: number; caption_runes: number; seats: number; message_bytes: number; mute_from: number };
}

/** A reply to a request; which fields are there depends on its type. */
export interface Reply {
  type: string;
  id: number;
  message?: unknown;
  summary?: Summary;
  sent_ms?: number;
  answer?: string;
  problems?: SectionProblem[];
  seq?: number;
  server_time?: number;
}

interface EventTypes {
  participant_joined: { participant: Participant };
  participant_left: { participant: string; reason: string };
  participant_away: { participant: string; away: boolean; silent?: boolean };
  participant_renamed: { participant: string; name: string };
  muted: { participant: string; source: Source; muted: boolean; codec?: string };
  chat_message: { message: ChatMessage };
  hand_changed: { participant: string; raised: boolean; at: number };
  reacted: { participant: string; emoji: string };
  captioned: { participant: string; text: string; final: boolean };
  seated: { seat: number; participant: string; source: 'camera' | 'screen'; video: boolean; problem?: string };
  vacated: { seat: number };
  layer_changed: { seat: number; layer: string; width: number; height: number; reason: string };
  speakers: { speakers: { participant: string; level: number }[] | null };
  quality: { participants: { participant: string; score: 'excellent' | 'good' | 'poor' | 'lost'; up_loss: number; down_loss: number; rtt_ms: number }[] | null };
  limited: { source: Source; reason: 'rate' | 'muted'; limit_bps: number };
  recorded: { recorded: boolean };
  draining: { in_ms: number };
  bye: { code: string; message: string; summary?: Summary; retryable: boolean };
}

export type EventType = keyof EventTypes;

/** An event of one kind. */
export type EventOf<K extends EventType> = { type: K; seq?: number } & EventTypes[K];

/** Any event. */
export type Event = { [K in EventType]: EventOf<K> }[EventType];
