// Keeps the screen on during a meeting, where the browser offers that.

/** @param {AbortSignal} signal */
export function watchWakeLock(signal) {
  /** @type {WakeLockSentinel | null} */
  let lock = null;
  const take = async () => {
    if (document.hidden || signal.aborted || !('wakeLock' in navigator)) return;
    try {
      lock = await navigator.wakeLock.request('screen');
      if (signal.aborted) await lock.release();
    } catch {
      // Low battery or a policy: the screen may go dark.
    }
  };
  document.addEventListener('visibilitychange', () => void take(), { signal });
  signal.addEventListener('abort', () => void lock?.release().catch(() => {}), { once: true });
  void take();
}
