// What does not fit in the toolbar; on phones also what is hidden there.
import { h } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { openShare } from './later.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('./menu.js').Item} Item */

/** The emoji the server takes (wire.Reactions). */
export const REACTIONS = ['👍', '❤️', '😂', '😮', '🎉', '👏', '🤔', '👋'];

/** @param {Call} call */
export function reactionRow(call) {
  return h(
    'div',
    { class: 'reaction-row', role: 'group', 'aria-label': msg('react.label') },
    ...REACTIONS.map((emoji) =>
      h('button', { class: 'btn quiet square', type: 'button', 'aria-label': msg('react.send', { emoji }), onclick: () => void call.react(emoji) }, emoji),
    ),
  );
}

/** @param {Call} call @param {import('./actions.js').Actions} actions @returns {Item[]} */
export function moreItems(call, actions) {
  const { layout, sharing, people, captionInput, dataSaver } = call.state;
  const phone = matchMedia('(max-width: 600px)').matches;
  const raised = (people[0]?.hand ?? 0) > 0;
  const run = (/** @type {import('../lib/shortcuts.js').Action} */ action) => () => actions.run(action);
  return [
    ...(phone
      ? /** @type {Item[]} */ ([
          { element: reactionRow(call) },
          { icon: 'hand', label: msg(raised ? 'bar.handDown' : 'bar.hand'), run: run('hand') },
          { icon: 'people', label: msg('bar.peopleCount', { n: people.length }), run: run('people') },
          { icon: sharing ? 'shareStop' : 'share', label: msg(sharing ? 'bar.shareStop' : 'bar.share'), run: run('share') },
          { icon: 'link', label: msg('people.invite'), run: () => openShare(call.room.name) },
          { line: true },
        ])
      : []),
    { title: msg('bar.layout') },
    { icon: 'settings', label: msg('bar.layoutAuto'), checked: layout === 'auto', run: () => call.setLayout('auto') },
    { icon: 'grid', label: msg('bar.layoutGrid'), checked: layout === 'grid', run: () => call.setLayout('grid') },
    { icon: 'speaker', label: msg('bar.layoutSpeaker'), checked: layout === 'speaker', run: () => call.setLayout('speaker') },
    { line: true },
    { icon: document.fullscreenElement ? 'fullscreenExit' : 'fullscreen', label: msg(document.fullscreenElement ? 'bar.fullscreenExit' : 'bar.fullscreen'), run: run('fullscreen') },
    ...(actions.canPip ? [{ icon: /** @type {const} */ ('pip'), label: msg(call.state.pip ? 'bar.pipExit' : 'bar.pip'), run: run('pip') }] : []),
    { icon: 'caption', label: msg(captionInput ? 'bar.captionStop' : 'bar.caption'), run: run('captions') },
    { icon: 'data', label: msg('bar.dataSaver'), checked: dataSaver, run: () => call.setDataSaver(!dataSaver) },
    { line: true },
    { icon: 'stats', label: msg('bar.stats'), run: run('stats') },
    ...(phone ? [] : [{ icon: /** @type {const} */ ('keyboard'), label: msg('bar.shortcuts'), run: run('help') }]),
    { icon: 'settings', label: msg('app.settings'), run: () => actions.settings() },
  ];
}
