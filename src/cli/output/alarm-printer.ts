import { printWarning } from './output.js';

/** Milliseconds in which the same alarm is printed once. */
const REPEAT_INTERVAL = 60_000;

/** Prints alarms. A client that causes the same one again and again does not fill the log. */
export function createAlarmPrinter(): (alarm: { readonly message: string; readonly hint: string }) => void {
  const printed = new Map<string, number>();
  return (alarm) => {
    const now = performance.now();
    for (const [message, at] of printed) if (now - at > REPEAT_INTERVAL) printed.delete(message);
    if (printed.has(alarm.message)) return;
    printed.set(alarm.message, now);
    printWarning(alarm);
  };
}
