// Slash commands: one table for every client that has a line to type on. Pure.

/** @typedef {import('./i18n.js').Key} Key */
/** @typedef {'help' | 'msg' | 'mute' | 'unmute' | 'video' | 'share' | 'hand' | 'react' | 'name' | 'caption' | 'invite' | 'who' | 'stats' | 'leave'} CommandName */
/** @typedef {'person' | 'text' | 'emoji'} Argument */

/**
 * @typedef {object} Command
 * @property {CommandName} name
 * @property {readonly Argument[]} args all needed, in this order; text takes the rest
 * @property {Key} help
 */

/** @type {readonly Command[]} */
export const COMMANDS = [
  { name: 'help', args: [], help: 'slash.help' },
  { name: 'msg', args: ['person', 'text'], help: 'slash.msg' },
  { name: 'mute', args: [], help: 'slash.mute' },
  { name: 'unmute', args: [], help: 'slash.unmute' },
  { name: 'video', args: [], help: 'slash.video' },
  { name: 'share', args: [], help: 'slash.share' },
  { name: 'hand', args: [], help: 'slash.hand' },
  { name: 'react', args: ['emoji'], help: 'slash.react' },
  { name: 'name', args: ['text'], help: 'slash.name' },
  { name: 'caption', args: ['text'], help: 'slash.caption' },
  { name: 'who', args: [], help: 'slash.who' },
  { name: 'invite', args: [], help: 'slash.invite' },
  { name: 'stats', args: [], help: 'slash.stats' },
  { name: 'leave', args: [], help: 'slash.leave' },
];

/**
 * @typedef {{kind: 'text', text: string}
 *   | {kind: 'command', name: CommandName, text: string, person: string}
 *   | {kind: 'problem', key: Key, params: Record<string, string>}} Parsed
 */

/**
 * What a typed line means. A line that begins with // is the text behind the
 * first stroke.
 * @param {string} line
 * @param {readonly {id: string, name: string}[]} people who can be written to
 * @returns {Parsed}
 */
export function parseLine(line, people) {
  if (!line.startsWith('/')) return { kind: 'text', text: line };
  if (line.startsWith('//')) return { kind: 'text', text: line.slice(1) };
  const [, typed, rest] = /** @type {RegExpExecArray} */ (/^\/(\S*)\s*([\s\S]*)$/.exec(line));
  const command = COMMANDS.find((c) => c.name === typed.toLowerCase());
  if (!command) return { kind: 'problem', key: 'slash.unknown', params: { name: typed.slice(0, 40) } };
  if (command.args[0] === 'person') return withPerson(command, rest, people);
  const text = rest.trim();
  if (command.args.length && !text) return missing(command, command.args[0]);
  return { kind: 'command', name: command.name, text, person: '' };
}

/** @param {Command} command @param {Argument} arg @returns {Parsed} */
const missing = (command, arg) => ({ kind: 'problem', key: 'slash.missing', params: { name: command.name, arg } });

/** @param {Command} command @param {string} rest @param {readonly {id: string, name: string}[]} people @returns {Parsed} */
function withPerson(command, rest, people) {
  if (!rest.trim()) return missing(command, 'person');
  const { matches, text, typed } = findPerson(rest, people);
  if (matches.length > 1) return { kind: 'problem', key: 'slash.ambiguous', params: { name: typed, names: matches.slice(0, 5).map((p) => p.name).join(', ') } };
  if (!matches.length) return { kind: 'problem', key: 'slash.noPerson', params: { name: typed } };
  if (!text) return missing(command, 'text');
  return { kind: 'command', name: command.name, text, person: matches[0].id };
}

/**
 * The person whose name the text begins with: the longest whole name first,
 * names in quotation marks next, then the beginning of a name.
 * @param {string} rest
 * @param {readonly {id: string, name: string}[]} people
 */
function findPerson(rest, people) {
  const low = rest.toLowerCase();
  const whole = people
    .filter((p) => p.name && low.startsWith(p.name.toLowerCase()) && /^(\s|$)/.test(rest.slice(p.name.length)))
    .sort((a, b) => b.name.length - a.name.length);
  if (whole.length) {
    const matches = whole.filter((p) => p.name.length === whole[0].name.length);
    return { matches, text: rest.slice(whole[0].name.length).trim(), typed: whole[0].name };
  }
  const [, quoted, word, text] = /** @type {RegExpExecArray} */ (/^(?:"([^"]*)"|(\S+))\s*([\s\S]*)$/.exec(rest) ?? ['', '', rest, '']);
  const typed = (quoted ?? word ?? '').replace(/^@/, '');
  const exact = people.filter((p) => p.name.toLowerCase() === typed.toLowerCase());
  const matches = exact.length ? exact : people.filter((p) => p.name.toLowerCase().startsWith(typed.toLowerCase()));
  return { matches: typed ? matches : [], text: (text ?? '').trim(), typed: typed.slice(0, 40) };
}

/** Commands whose name begins with what is typed, for suggestions. @param {string} line */
export function suggest(line) {
  const typed = /^\/(\w*)$/.exec(line)?.[1];
  return typed === undefined ? [] : COMMANDS.filter((c) => c.name.startsWith(typed.toLowerCase()));
}
