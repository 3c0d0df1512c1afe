// Runs in the page before anything else: replaces the camera by a coloured
// canvas and the microphone by a tone, so that a test can tell whose picture
// and whose sound arrived.

/**
 * Without hz the microphone is the browser's own, for those that can not make
 * a tone without a sound card.
 * @param {{color: string, hz?: number, width: number, height: number}} media
 */
export function fakeMedia({ color, hz, width, height }) {
  const real = navigator.mediaDevices?.getUserMedia?.bind(navigator.mediaDevices);
  if (!real) return;

  const cameraTrack = () => {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    let n = 0;
    const draw = () => {
      c.fillStyle = color;
      c.fillRect(0, 0, width, height);
      c.fillStyle = 'white';
      c.fillRect((n * 7) % (width - 20), height - 20, 20, 20);
      n++;
    };
    draw();
    const stream = canvas.captureStream(20);
    const [track] = stream.getVideoTracks();
    const timer = setInterval(draw, 50);
    const stop = track.stop.bind(track);
    track.stop = () => {
      clearInterval(timer);
      stop();
    };
    return track;
  };

  const microphoneTrack = (/** @type {number} */ hz) => {
    const audio = new AudioContext();
    const oscillator = audio.createOscillator();
    oscillator.frequency.value = hz;
    const gain = audio.createGain();
    gain.gain.value = 0.4;
    const out = audio.createMediaStreamDestination();
    oscillator.connect(gain).connect(out);
    oscillator.start();
    const [track] = out.stream.getAudioTracks();
    const stop = track.stop.bind(track);
    track.stop = () => {
      if (audio.state !== 'closed') void audio.close();
      stop();
    };
    return track;
  };

  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const tracks = [];
    if (wanted?.audio) tracks.push(hz ? microphoneTrack(hz) : (await real({ audio: wanted.audio })).getAudioTracks()[0]);
    if (wanted?.video) tracks.push(cameraTrack());
    if (!tracks.length) return real(wanted);
    return new MediaStream(tracks);
  };
}
