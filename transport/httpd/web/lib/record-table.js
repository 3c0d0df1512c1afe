// The record of a meeting as a table: a row for each stay of each person. Pure.
import { zoned } from './csv.js';

/** @typedef {import('../sdk/index.js').MeetingRecord} MeetingRecord */

/**
 * The rows of a record; the first names the columns. Who is still there has no
 * time of leaving, and as many seconds as until now.
 * @param {MeetingRecord} record
 * @param {number} now Unix milliseconds
 * @param {readonly string[]} columns names: meeting, name, joined, left, seconds
 * @param {(at: number) => string} [moment] how a moment is written
 * @returns {(string | number)[][]}
 */
export function recordTable({ title, participants }, now, columns, moment = zoned) {
  const rows = participants.flatMap(({ name, stays }) =>
    stays.map(({ joinedAt, leftAt }) => [
      title,
      name,
      moment(joinedAt),
      leftAt === undefined ? '' : moment(leftAt),
      Math.max(0, Math.round(((leftAt ?? now) - joinedAt) / 1000)),
    ]),
  );
  return [[...columns], ...rows];
}
