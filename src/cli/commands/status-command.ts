import { setTimeout as delay } from 'node:timers/promises';
import { StatusMonitor } from '../../diagnose/status-monitor.js';
import { orAborted } from '../../support/abort.js';
import { definedOnly } from '../../support/defined-only.js';
import { defineCommand } from '../command.js';
import { listenForInterruption } from '../interruption.js';
import { openKernelLink } from '../kernel-link.js';
import { flag } from '../options/option.js';
import { printJson, printResult } from '../output/output.js';
import { openScreen } from '../output/screen.js';
import { formatStatus, statusJson } from '../output/status-text.js';

/** Milliseconds between two drawings of one look. */
const PAUSE = 30;
/** Milliseconds between two looks. */
const INTERVAL = 1_000;

/** `status`: the running kernels of this user. */
export const command = defineCommand({
  options: {
    watch: flag('Refresh in place until Ctrl-C'),
    all: flag('Also kernels whose connection file is elsewhere, found by the arguments of your processes'),
    json: flag('Print one JSON value; with --watch, one on a line for each refresh'),
  },
  examples: [['status --watch']],
  run: async ({ watch, all, json }) => (watch ? watchStatus(json, all) : printStatus(json, all)),
});

async function printStatus(json: boolean, everywhere: boolean): Promise<void> {
  await using monitor = new StatusMonitor({ openLink: openKernelLink, everywhere });
  await monitor.refresh();
  if (json) printJson(jsonOf(monitor));
  else printResult(textOf(monitor, process.stdout.isTTY ? { columns: process.stdout.columns || 80 } : {}));
}

async function watchStatus(json: boolean, everywhere: boolean): Promise<void> {
  using interruption = listenForInterruption();
  const { softAbort: signal } = interruption;
  using screen = json ? undefined : openScreen();
  let [soon, isDrawn]: [NodeJS.Timeout | undefined, boolean] = [undefined, false];
  // On a terminal, what is known so far is shown: a kernel that does not answer holds nothing up.
  const onChange = screen?.size && ((): void => void (soon ??= setTimeout(draw, isDrawn ? PAUSE : 0)));
  const options = { openLink: openKernelLink, everywhere, follow: true, ...definedOnly({ onChange }) };
  await using monitor = new StatusMonitor(options);
  function draw(): void {
    clearTimeout(soon);
    [soon, isDrawn] = [undefined, true];
    if (screen === undefined) printResult(JSON.stringify(jsonOf(monitor)));
    else screen.show(textOf(monitor, screen.size ?? {}));
  }
  screen?.onResize(draw);
  try {
    for (;;) {
      await orAborted(signal, monitor.refresh());
      draw();
      await delay(INTERVAL, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearTimeout(soon);
  }
}

const jsonOf = ({ kernels, gone }: StatusMonitor): object => statusJson(kernels, { gone, now: Date.now() });

const textOf = (
  { kernels, gone }: StatusMonitor,
  size: { readonly rows?: number; readonly columns?: number },
): string => formatStatus(kernels, { gone, now: Date.now(), ...size });
