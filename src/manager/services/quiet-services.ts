/** The methods of a console that are redirected. */
export type ServicesConsole = Pick<Console, 'debug' | 'warn'>;

/** Routine lines of `@jupyterlab/services`: that it connects, and that a kernel is restarting. */
const ROUTINE_LINE = /^(?:Starting WebSocket: |Kernel: \w+ \(|Connection lost, reconnecting in )/;

/**
 * Removes routine lines of `@jupyterlab/services` from a console until it is disposed, including those about connections to a Jupyter server;
 * about kernels of `connectServices` and `attach` there are none. In Node `console.debug` writes to standard output, into the output of the
 * program; upstream has no setting for it. Other lines are not touched.
 *
 * For programs, not for libraries: the console belongs to the whole process.
 *
 * @param write Takes the lines; by default they are dropped.
 */
export function quietServices(target: ServicesConsole, write: (line: string) => void = () => undefined): Disposable {
  return divertLines(target, (line) => ROUTINE_LINE.test(line), write);
}

/** The kernels that services of this package have connections to. */
export interface OwnKernels {
  /** True if a connection to this kernel was opened here. */
  isOwn(kernelId: string): boolean;
  /** True while a connection is to reconnect because its kernel was restarted. */
  isReconnecting(): boolean;
}

/** The address that connections of this package's services are given. It is never looked up. */
export const SOCKET_URL = 'ws://local.invalid/';

/**
 * Removes lines of `@jupyterlab/services` about the kernels of this package from a console until it is disposed: they name an address that does
 * not exist, or report what the application has just requested. Other lines, also of `@jupyterlab/services`, are not touched.
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

/**
 * Redirects chosen lines (the first arguments of calls) to `write`. Several diversions can be disposed in any order, also when other code
 * replaced the method in between.
 */
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
      // A method that other code put in its place meanwhile passes lines on to it, and stays.
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
