// "Your meeting is ready": the link, a text to send, and a QR code.
import { icon } from '../icons/icons.js';
import { fill, h, svg } from '../lib/html.js';
import { msg, t } from '../lib/i18n.js';
import { meetingURL } from '../lib/meeting-url.js';
import { site } from '../lib/route.js';
import { copyButton } from './copy.js';
import { newId, openDialog } from './dialog.js';

/** The code comes a moment later: pages that never share do not load it. @param {string} link */
function qr(link) {
  const figure = h('figure', { class: 'qr' });
  const draw = async () => {
    const { encode, toPath } = await import('../lib/qr.js');
    const rows = encode(link);
    if (!rows) return figure.remove();
    const size = rows.length + 8;
    return fill(
      figure,
      svg(
        'svg',
        { viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': msg('share.qr', { link }), 'shape-rendering': 'crispEdges' },
        svg('rect', { width: size, height: size, fill: '#fff' }),
        svg('path', { d: toPath(rows), fill: '#000' }),
      ),
      h('figcaption', { class: 'hint' }, msg('share.qrHint')),
    );
  };
  draw().catch(() => figure.remove());
  return figure;
}

/**
 * @param {string} room
 * @param {{start?: () => void}} [options] start: offer to go there
 */
export function openShare(room, { start } = {}) {
  const link = meetingURL(site.url, room);
  const invitation = () => t('share.invitationText', { link, code: room });
  const id = newId('share');
  const dialog = openDialog({
    title: msg(start ? 'share.title' : 'share.titleInCall'),
    className: 'share',
    body: [
      h('p', { class: 'lead' }, msg('share.lead')),
      h(
        'div',
        { class: 'share-body' },
        h(
          'div',
          { class: 'stack grow' },
          h(
            'div',
            { class: 'field' },
            h('label', { for: id }, msg('share.link')),
            h('input', { class: 'input mono', id, readonly: true, value: link, onfocus: (/** @type {FocusEvent & {currentTarget: HTMLInputElement}} */ e) => e.currentTarget.select() }),
          ),
          copyButton(msg('share.copyLink'), () => link, 'btn primary wide'),
          copyButton(msg('share.copyInvitation'), invitation, 'btn outline wide'),
          'share' in navigator ? sendButton(link, invitation) : null,
          start
            ? h('button', { class: 'btn quiet wide', type: 'button', onclick: () => (dialog.close(), start()) }, msg('share.start'))
            : null,
        ),
        qr(link),
      ),
    ],
  });
  return dialog;
}

/** @param {string} link @param {() => string} invitation */
function sendButton(link, invitation) {
  const send = () => void navigator.share({ title: 'Parley', text: invitation(), url: link }).catch(() => {});
  return h('button', { class: 'btn outline wide', type: 'button', onclick: send }, icon('share'), msg('share.send'));
}
