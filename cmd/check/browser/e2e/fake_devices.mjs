// Runs in the page after fakeMedia: gives the devices names and faults that a
// test can change through window.desk. Faults outlive loading the page again.

/** @typedef {{audioinput: string[], videoinput: string[], audiooutput?: string[]}} Plugged labels of the devices there are */

/** @param {Plugged} plugged */
export function fakeDevices(plugged) {
  const media = navigator.mediaDevices;
  if (!media) return;
  const get = media.getUserMedia.bind(media);
  const desk = {
    plugged: structuredClone(plugged),
    /** @type {{microphone: string, camera: string}} names of exceptions, empty for none */
    faults: JSON.parse(sessionStorage.getItem('faults') ?? '{"microphone":"","camera":""}'),
    /** @type {Set<MediaStreamTrack>} */
    live: new Set(),
    negotiations: 0,
    /** Speakers that sound was sent to, newest last. @type {string[]} */
    sinks: [],
    /** @type {Record<string, Promise<PermissionStatus>>} */
    permissions: {},

    /** @param {object} faults */
    fail(faults) {
      sessionStorage.setItem('faults', JSON.stringify(Object.assign(desk.faults, faults)));
    },
    /** The person changes the permission beside the address. @param {'microphone' | 'camera'} kind @param {string} state */
    async permit(kind, state) {
      const status = await desk.permissions[kind];
      Object.defineProperty(status, 'state', { value: state, configurable: true });
      status.dispatchEvent(new Event('change'));
    },
    /** @param {'audioinput' | 'videoinput' | 'audiooutput'} kind @param {string} label */
    plug(kind, label) {
      desk.plugged[kind] = [...(desk.plugged[kind] ?? []), label];
      media.dispatchEvent(new Event('devicechange'));
    },
    /** @param {'audioinput' | 'videoinput' | 'audiooutput'} kind @param {string} label */
    unplug(kind, label) {
      desk.plugged[kind] = desk.plugged[kind]?.filter((l) => l !== label) ?? [];
      for (const track of desk.live) {
        if (track.label !== label) continue;
        track.stop();
        track.dispatchEvent(new Event('ended'));
      }
      media.dispatchEvent(new Event('devicechange'));
    },
  };
  Object.assign(window, { desk });

  /** What a phone says of its cameras. @param {string} label */
  const sideOf = (label) => (/^Back/.test(label) ? 'environment' : /^Front/.test(label) ? 'user' : undefined);

  /** @param {boolean | MediaTrackConstraints | undefined} wanted @param {'audioinput' | 'videoinput'} kind */
  const find = (wanted, kind) => {
    const fault = desk.faults[kind === 'audioinput' ? 'microphone' : 'camera'];
    if (fault) {
      const [name, message = 'as the test wants'] = fault.split('|');
      throw new DOMException(message, name);
    }
    const labels = desk.plugged[kind];
    const id = /** @type {any} */ (wanted)?.deviceId;
    const exact = labels.find((l) => l === id?.exact);
    if (id?.exact && !exact) throw Object.assign(new DOMException('gone', 'OverconstrainedError'), { constraint: 'deviceId' });
    const side = /** @type {any} */ (wanted)?.facingMode?.ideal;
    const label = exact ?? labels.find((l) => l === id?.ideal) ?? labels.find((l) => side && sideOf(l) === side) ?? labels[0];
    if (!label) throw new DOMException('none', 'NotFoundError');
    return label;
  };

  media.getUserMedia = async (wanted = {}) => {
    const labels = { audio: wanted.audio ? find(wanted.audio, 'audioinput') : '', video: wanted.video ? find(wanted.video, 'videoinput') : '' };
    const stream = await get(wanted);
    // Nothing that a test does is to be taken for a leak of the page.
    for (const track of desk.live) if (track.readyState === 'ended') desk.live.delete(track);
    for (const track of stream.getTracks()) {
      const label = track.kind === 'audio' ? labels.audio : labels.video;
      const settings = track.getSettings.bind(track);
      track.getSettings = () => ({ ...settings(), deviceId: label, facingMode: sideOf(label) });
      Object.defineProperty(track, 'label', { value: label });
      desk.live.add(track);
    }
    return stream;
  };
  media.enumerateDevices = async () =>
    /** @type {any} */ (Object.entries(desk.plugged).flatMap(([kind, labels = []]) => labels.map((label) => ({ kind, label, deviceId: label, groupId: label, toJSON: () => ({}) }))));

  const query = navigator.permissions.query.bind(navigator.permissions);
  navigator.permissions.query = async (what) => {
    const { name } = /** @type {{name: string}} */ (what);
    if (name !== 'microphone' && name !== 'camera') return query(what);
    const value = desk.faults[name].startsWith('NotAllowed') ? 'denied' : 'granted';
    return (desk.permissions[name] ??= query(what).then((status) => Object.defineProperty(status, 'state', { value, configurable: true })));
  };

  HTMLMediaElement.prototype.setSinkId = async function (id) {
    desk.sinks.push(id);
    Object.defineProperty(this, 'sinkId', { value: id, configurable: true });
  };

  const { setLocalDescription } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.setLocalDescription = function (/** @type {any[]} */ ...args) {
    desk.negotiations++;
    return /** @type {any} */ (setLocalDescription).apply(this, args);
  };
}
