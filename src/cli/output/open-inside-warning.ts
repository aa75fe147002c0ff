import { printWarning } from './output.js';

/** Warns of a kernel behind a relay whose sockets are not private. */
export function warnOfOpenInside(): void {
  printWarning({
    message:
      'The kernel behind the relay listens on loopback tcp: every user of this machine can read its output there.',
    hint: 'Wrap it without --inner tcp if it can do ipc.',
  });
}
