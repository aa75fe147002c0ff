/** What of a console is redirected. */
export type ServicesConsole = Pick<Console, 'debug' | 'warn'>;

/** What `@jupyterlab/services` says when all is well: that it connects, and that a kernel it restarts is restarting. */
const CHATTER = /^(?:Starting WebSocket: |Kernel: \w+ \(|Connection lost, reconnecting in )/;

/**
 * Takes the chatter of `@jupyterlab/services` off a console until it is disposed, also that of connections to a Jupyter server; about
 * kernels of `connectServices` and `attach` there is none. In Node `console.debug` writes to standard output, where it would end up in the
 * middle of what a program prints; upstream has no setting for it. Everything else that is written to the console goes where it always went.
 *
 * For programs, not for libraries: the console belongs to the whole process.
 *
 * @param write Takes the chatter; by default it is dropped.
 */
export function quietServices(target: ServicesConsole, write: (line: string) => void = () => undefined): Disposable {
  return divertLines(target, (line) => CHATTER.test(line), write);
}

/** Which kernels the services of this package have connections to. */
export interface OwnKernels {
  /** Whether a connection to this kernel was opened here. */
  isOwn(kernelId: string): boolean;
  /** Whether a connection was told to connect again, since its kernel was restarted. */
  isReconnecting(): boolean;
}

/** The address that connections of this package's services are given, and that is never looked up. */
export const SOCKET_URL = 'ws://local.invalid/';

/**
 * Takes off a console, until it is disposed, what `@jupyterlab/services` says about kernels that are reached without a server: to an
 * application it would be about an address that does not exist, and about what it has just asked for. All other lines, of `@jupyterlab/services`
 * too, go where they always went.
 */
export function quietOwnKernels(target: ServicesConsole, own: OwnKernels): Disposable {
  const isAboutOwn = (line: string): boolean => {
    if (line.startsWith('Connection lost, reconnecting in ')) return own.isReconnecting();
    const kernelId = /^Kernel: \w+ \((.+)\)$/.exec(line)?.[1];
    return kernelId === undefined ? line.startsWith(`Starting WebSocket: ${SOCKET_URL}`) : own.isOwn(kernelId);
  };
  return divertLines(target, isAboutOwn, () => undefined);
}

const DIVERT = Symbol('divert');

type Write = ServicesConsole['debug'];
type Divert = Write & { readonly [DIVERT]: { readonly original: Write; readonly isOver: () => boolean } };

const isDivert = (write: Write): write is Divert => DIVERT in write;

/** Lines, which are first arguments, go to `write` if they are chosen. Disposed in any order, and whatever was put in between. */
function divertLines(
  target: ServicesConsole,
  isChosen: (line: string) => boolean,
  write: (line: string) => void,
): Disposable {
  let isOver = false;
  const restore = (['debug', 'warn'] as const).map((name) => {
    const original = target[name];
    const pass = (...data: unknown[]): void => {
      const [first] = data;
      if (!isOver && typeof first === 'string' && isChosen(first)) write(first);
      else original.apply(target, data);
    };
    const divert: Divert = Object.assign(pass, { [DIVERT]: { original, isOver: () => isOver } });
    target[name] = divert;
    return (): void => {
      // What was put in its place meanwhile passes lines on to it, and stays.
      for (let now = target[name]; isDivert(now) && now[DIVERT].isOver(); now = target[name]) {
        target[name] = now[DIVERT].original;
      }
    };
  });
  return {
    [Symbol.dispose]: () => {
      isOver = true;
      for (const one of restore) one();
    },
  };
}
