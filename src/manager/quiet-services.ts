/** What of a console is redirected. */
export type ServicesConsole = Pick<Console, 'debug' | 'warn'>;

/** What `@jupyterlab/services` says when all is well: that it connects, and that a kernel it restarts is restarting. */
const CHATTER = /^(?:Starting WebSocket: |Kernel: \w+ \(|Connection lost, reconnecting in )/;

/**
 * Takes the chatter of `@jupyterlab/services` off a console until it is disposed. In Node `console.debug` writes to standard
 * output, where it would end up in the middle of what a program prints; upstream has no setting for it. Everything else that
 * is written to the console goes where it always went.
 *
 * For programs, not for libraries: the console belongs to the whole process.
 *
 * @param write Takes the chatter; by default it is dropped.
 */
export function quietServices(target: ServicesConsole, write: (line: string) => void = () => undefined): Disposable {
  const { debug, warn } = target;
  const divert =
    (original: ServicesConsole['debug']) =>
    (...data: unknown[]): void => {
      const [first] = data;
      if (typeof first === 'string' && CHATTER.test(first)) write(first);
      else original.apply(target, data);
    };
  target.debug = divert(debug);
  target.warn = divert(warn);
  return {
    [Symbol.dispose]: () => {
      target.debug = debug;
      target.warn = warn;
    },
  };
}
