/**
 * Keeps one line off `console.debug`: the next, if it begins with `prefix` and is written before the caller's caller returns to the event loop.
 * All else is written as ever, and the console is left as it was found.
 */
export function muteNextLine(target: Pick<Console, 'debug'>, prefix: string): void {
  const own = Object.getOwnPropertyDescriptor(target, 'debug');
  const original = target.debug;
  const restore = (): void => {
    if (target.debug !== muted) return; // replaced meanwhile, which is not ours to undo
    if (own === undefined) Reflect.deleteProperty(target, 'debug');
    else Object.defineProperty(target, 'debug', own);
  };
  const muted = (...data: unknown[]): void => {
    restore();
    const [first] = data;
    if (typeof first === 'string' && first.startsWith(prefix)) return;
    original.apply(target, data);
  };
  target.debug = muted;
  queueMicrotask(restore);
}
