// From the wire's snake_case to the SDK's objects.

/** @typedef {import('./wire.js').Joined} Joined */

/**
 * @param {import('./wire.js').Summary | undefined} s
 * @returns {import('./index.js').Summary | null}
 */
export function summaryFrom(s) {
  if (!s) return null;
  return {
    meeting: s.meeting,
    joinedAt: s.joined_at,
    leftAt: s.left_at,
    durationMs: s.duration_ms,
    peak: s.peak,
    messages: s.messages,
  };
}

/**
 * @param {Joined} j
 * @returns {import('./index.js').Meeting}
 */
export function meetingFrom(j) {
  return {
    id: j.meeting,
    room: j.room,
    title: j.title ?? j.room,
    startedAt: j.started_at,
    serverVersion: j.version,
    limits: {
      chatRunes: j.limits.chat_runes,
      nameRunes: j.limits.name_runes,
      captionRunes: j.limits.caption_runes,
      seats: j.limits.seats,
      messageBytes: j.limits.message_bytes,
      muteFrom: j.limits.mute_from,
    },
  };
}

/**
 * Loudness 0 … 1 from RFC 6464's dB below overload, 0 (loud) … 127 (silent).
 * @param {number} belowOverload
 */
export function levelFrom(belowOverload) {
  return Math.min(1, Math.max(0, (127 - belowOverload) / 127));
}

/**
 * @param {{up_loss: number, down_loss: number, rtt_ms: number}} q
 * @returns {import('./index.js').NetworkFigures}
 */
export function networkFrom(q) {
  return { upLoss: q.up_loss, downLoss: q.down_loss, rttMs: q.rtt_ms };
}
