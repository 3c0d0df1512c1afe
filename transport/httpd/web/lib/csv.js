// Tables for spreadsheet programs (RFC 4180). Pure.

/** Says to spreadsheet programs that this is UTF-8. */
const MARK = '\ufeff';

/** What stands before a cell's first character and is not seen. */
const UNSEEN = /^[\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}]*/u;
/** With what formulas begin, in all widths. */
const FORMULA = /^[=+\-@\u2212]/;
/** What some programs skip to find one. */
const SKIPPED = /^[\t\r\n]/;

/**
 * A cell that no program takes for a formula, for names are written by anybody:
 * an apostrophe makes it a text. Where decimals have a comma the programs part cells
 * at semicolons and know no quotes within: what follows one may begin a cell, too.
 * @param {string} cell
 */
export function harmless(cell) {
  const [first, ...rest] = cell.split(/(?<=[;,])/);
  const safe = formula(first) || SKIPPED.test(cell) ? `'${first}` : first;
  return safe + rest.map((part) => (formula(part.replaceAll('"', '')) ? `'${part}` : part)).join('');
}

/** @param {string} text */
const formula = (text) => FORMULA.test(text.replace(UNSEEN, '').slice(0, 1).normalize('NFKC'));

/** Figures are no texts: what is negative stays a figure. @param {string | number} value */
function quoted(value) {
  const cell = typeof value === 'number' ? String(value) : harmless(value);
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/**
 * @param {readonly (readonly (string | number)[])[]} rows the first names the columns
 */
export function csv(rows) {
  return MARK + rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
}

/**
 * A moment by the calendar of some zone, and that zone (RFC 3339).
 * @param {number} at Unix milliseconds
 * @param {number} [offset] of the zone from UTC at that moment, minutes; the browser's
 */
export function zoned(at, offset = -new Date(at).getTimezoneOffset()) {
  const two = (/** @type {number} */ n) => String(Math.trunc(n)).padStart(2, '0');
  const far = Math.abs(offset);
  return `${new Date(at + offset * 60_000).toISOString().slice(0, 19)}${offset < 0 ? '-' : '+'}${two(far / 60)}:${two(far % 60)}`;
}
