/**
 * Returns a port to the hub that all windows of the browser share. If the browser has no shared workers, or can't start
 * this one, the window has a hub of its own.
 */
export function openPort(): MessagePort {
  if (typeof SharedWorker === 'undefined') return ownHub();
  // The browser may refuse to start the worker, for example in a window without storage.
  try {
    const worker = new SharedWorker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    return worker.port;
  } catch {
    return ownHub();
  }
}

export function ownHub(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  void import('./hub.js').then(({ Hub }) => new Hub().add(port2));
  return port1;
}
