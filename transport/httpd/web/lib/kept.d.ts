/**
 * What lib/prefs.js keeps. Only types, which so weigh nothing on the page's way into a
 * meeting.
 */

/** A room by the name people see, and by its key. */
export interface Recent {
  room: string;
  key?: string;
  at: number;
}

export interface Prefs {
  name: string;
  /** Join with the microphone on. */
  mic: boolean;
  /** Join with the camera on. */
  cam: boolean;
  micId: string;
  camId: string;
  speakerId: string;
  theme: 'dark' | 'light' | 'system';
  lang: string;
  selfView: 'auto' | 'tile' | 'float' | 'hidden';
  /** Where a floating self-view sits. */
  corner: 'tl' | 'tr' | 'bl' | 'br';
  layout: 'auto' | 'grid' | 'speaker';
  mirror: boolean;
  captions: boolean;
  /** Show reactions flying. */
  reactions: boolean;
  announceReactions: boolean;
  announceChat: boolean;
  silentMicWarning: boolean;
  lowerHandWhenSpeaking: boolean;
  /** Whether still there, after a long time. */
  askWhenAlone: boolean;
  /** Receive sound and shared screens only. */
  dataSaver: boolean;
  shortcuts: boolean;
  /** Remapped shortcuts: action → key. */
  keys: Record<string, string>;
  /** 0 … 1. */
  soundVolume: number;
  /** Kind → on. */
  sounds: Record<string, boolean>;
  /** music: the sound as it is, without the others. */
  audio: {
    noiseSuppression: boolean;
    echoCancellation: boolean;
    autoGainControl: boolean;
    voiceIsolation: boolean;
    music: boolean;
  };
  blur: boolean;
  /** Newest first. */
  recent: Recent[];
  /** Version of what is stored; absent in the first. */
  v: number;
}
