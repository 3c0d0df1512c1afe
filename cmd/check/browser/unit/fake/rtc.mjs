// RTCPeerConnection, tracks and devices in memory.

let ids = 0;

export class FakeTrack extends EventTarget {
  enabled = true;
  readyState = 'live';
  contentHint = '';

  /** @param {string} kind @param {string} [deviceId] @param {string} [label] */
  constructor(kind, deviceId = '', label = '') {
    super();
    /** Of the picture. */
    this.size = { width: 1280, height: 720 };
    this.kind = kind;
    this.id = `track-${++ids}`;
    this.deviceId = deviceId;
    this.label = label;
  }

  getSettings() {
    return { deviceId: this.deviceId, ...(this.kind === 'video' ? this.size : {}) };
  }

  stop() {
    this.readyState = 'ended';
  }

  /** The browser ends it, as when the device is unplugged. */
  end() {
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }
}

export class FakeStream {
  id = `stream-${++ids}`;
  /** @param {FakeTrack[]} tracks */
  constructor(tracks) {
    this.tracks = tracks;
  }
  getTracks() {
    return this.tracks;
  }
  getAudioTracks() {
    return this.tracks.filter((t) => t.kind === 'audio');
  }
  getVideoTracks() {
    return this.tracks.filter((t) => t.kind === 'video');
  }
}

class FakeTransceiver {
  /** @type {string | null} */
  mid = null;
  /** @type {any} */
  codecs = null;
  /** Its section was rejected: it has no mid any more. */
  stopped = false;

  /** @param {string} kind @param {any} init @param {FakePeerConnection} pc */
  constructor(kind, init, pc) {
    this.kind = kind;
    this.direction = init.direction;
    this.receiver = { track: new FakeTrack(kind) };
    this.sender = {
      /** @type {FakeTrack | null} */
      track: null,
      encodings: init.sendEncodings ?? [{}],
      getStats: async () => pc.report,
      getParameters: () => ({ transactionId: '1', codecs: [], headerExtensions: [], rtcp: {}, encodings: structuredClone(this.sender.encodings) }),
      setParameters: async (/** @type {any} */ { encodings }) => {
        this.sender.encodings = encodings;
      },
      replaceTrack: async (/** @type {FakeTrack | null} */ track) => {
        this.sender.track = track;
      },
    };
  }

  /** @param {any} codecs */
  setCodecPreferences(codecs) {
    this.codecs = codecs;
  }
}

export class FakePeerConnection {
  connectionState = 'new';
  signalingState = 'stable';
  /** @type {FakeTransceiver[]} */
  transceivers = [];
  /** @type {any} */
  localDescription = null;
  /** @type {any} */
  remoteDescription = null;
  /** @type {(() => void) | null} */
  onconnectionstatechange = null;
  offers = 0;
  restarts = 0;
  /** @type {Map<string, any>} */
  report = new Map();

  /** @param {any} config @param {FakePeerConnection[]} all */
  constructor(config, all) {
    this.config = config;
    this.name = `pc${all.push(this)}`;
  }

  /** @param {string} kind @param {any} init */
  addTransceiver(kind, init) {
    const transceiver = new FakeTransceiver(kind, init, this);
    this.transceivers.push(transceiver);
    return transceiver;
  }

  async createOffer({ iceRestart = false } = {}) {
    if (iceRestart) this.restarts++;
    return { type: 'offer', sdp: `${this.name} offer ${++this.offers}` };
  }

  /** @param {any} description */
  async setLocalDescription(description) {
    this.transceivers.forEach((t, i) => (t.mid = t.stopped ? null : String(i)));
    this.localDescription = description;
    this.signalingState = 'have-local-offer';
  }

  /** @param {any} description */
  async setRemoteDescription(description) {
    if (this.signalingState !== 'have-local-offer') throw new Error('wrong state');
    if (description.sdp.includes('bad')) throw new DOMException('no', 'OperationError');
    this.remoteDescription = description;
    this.signalingState = 'stable';
    if (this.connectionState === 'new') this.become('connecting');
  }

  /** @param {string} state */
  become(state) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  async getStats() {
    return this.report;
  }

  close() {
    this.connectionState = 'closed';
    this.signalingState = 'closed';
  }
}

/** Devices that can be plugged, refused and taken. */
export class FakeDevices extends EventTarget {
  /** @type {{deviceId: string, kind: string, label: string, groupId: string}[]} */
  devices = [
    { deviceId: 'mic-1', kind: 'audioinput', label: 'Desk microphone', groupId: 'a' },
    { deviceId: 'mic-2', kind: 'audioinput', label: 'Headset', groupId: 'b' },
    { deviceId: 'cam-1', kind: 'videoinput', label: 'Front camera', groupId: 'c' },
    { deviceId: 'cam-2', kind: 'videoinput', label: 'Back camera', groupId: 'd' },
  ];
  /** All tracks ever given. @type {FakeTrack[]} */
  given = [];
  /** All constraints ever asked for. @type {any[]} */
  asked = [];
  /** Thrown by the next calls while set. @type {Error | null} */
  error = null;
  /** Of the pictures of cameras. */
  size = { width: 1280, height: 720 };
  /** Only one camera can be open at a time, as on phones. */
  oneCamera = false;
  /** Tracks name devices that are not listed, as those of a canvas do. */
  synthetic = false;
  /** Waited for before a device opens. @type {Promise<unknown>} */
  gate = Promise.resolve();

  async enumerateDevices() {
    return this.devices;
  }

  /** @param {{audio?: any, video?: any}} wanted */
  async getUserMedia(wanted) {
    this.asked.push(wanted);
    await this.gate;
    if (this.error) throw this.error;
    const tracks = [];
    if (wanted.audio) tracks.push(this.open('audioinput', 'audio', wanted.audio));
    if (wanted.video) tracks.push(this.open('videoinput', 'video', wanted.video));
    return new FakeStream(tracks);
  }

  /** @param {any} wanted */
  async getDisplayMedia(wanted) {
    this.asked.push(wanted);
    if (this.error) throw this.error;
    const tracks = [new FakeTrack('video', '', 'screen')];
    if (wanted.audio) tracks.push(new FakeTrack('audio', '', 'screen sound'));
    this.given.push(...tracks);
    return new FakeStream(tracks);
  }

  /** @param {string} kind @param {string} trackKind @param {any} constraints */
  open(kind, trackKind, constraints) {
    const wanted = constraints.deviceId?.exact ?? constraints.deviceId?.ideal;
    const fitting = this.devices.filter((d) => d.kind === kind);
    const device = fitting.find((d) => d.deviceId === wanted) ?? (constraints.deviceId?.exact ? undefined : fitting[0]);
    if (!device) throw new DOMException('no such device', constraints.deviceId?.exact ? 'OverconstrainedError' : 'NotFoundError');
    const busy = this.oneCamera && trackKind === 'video' && this.given.some((t) => t.kind === 'video' && t.readyState === 'live');
    if (busy) throw new DOMException('Could not start video source', 'NotReadableError');
    const track = new FakeTrack(trackKind, this.synthetic ? 'made-up' : device.deviceId, device.label);
    track.size = this.size;
    this.given.push(track);
    return track;
  }

  /** Takes a device away; its tracks end. @param {string} id */
  unplug(id, { tellTrack = true } = {}) {
    this.devices = this.devices.filter((d) => d.deviceId !== id);
    if (tellTrack) for (const t of this.given) if (t.deviceId === id && t.readyState === 'live') t.end();
    this.dispatchEvent(new Event('devicechange'));
  }
}
