import type { Act } from './act.js';
import { definedOnly } from '../../support/defined-only.js';
import { checkGroupName } from './groups.js';
import { quote } from '../quote.js';
import { isDisguised, MAX_TYPE_LENGTH, MESSAGE_TYPES, SEND_CHANNELS } from './message-types.js';

/** Maximum length of an act in words: every name that it may hold, and no text of megabytes. */
const MAX_ACT = 16_384;
const ACT =
  /^(?:(?<channel>shell|control|stdin|iopub)\.)?(?<msgType>[\w.-]+)(?<own> own)?(?<details>(?: [a-z]+=\S+)*)$/;

/**
 * An act from words: `[channel.]msg_type[ own][ comm=TARGET][ groups=A,B]`, as in the tests of a policy file and after
 * `jupyter-curve can`. Without a channel the type is looked for on shell, control, stdin and iopub, in that order. The names after
 * `comm=` and `groups=` have no blanks; the latter are for iopub only.
 *
 * @throws TypeError that says what is wrong with the text.
 */
export function parseAct(text: string): Act {
  const parts = text.length <= MAX_ACT ? ACT.exec(text)?.groups : undefined;
  const msgType = parts?.['msgType'] ?? '';
  if (!parts || msgType.length > MAX_TYPE_LENGTH || isDisguised(msgType)) {
    const wanted = '[channel.]msg_type[ own][ comm=TARGET][ groups=A,B]';
    throw new TypeError(`${quote(text)} names no message: ${wanted} is wanted, without "*"`);
  }
  const channel = parts['channel'] ?? CHANNELS.find((one) => MESSAGE_TYPES[one].includes(msgType));
  if (channel === undefined)
    throw new TypeError(`${quote(text)} names no channel, and the protocol has no such message`);
  const own = parts['own'] !== undefined;
  const { comm, groups, ...others } = readDetails(parts['details'] ?? '');
  const [other] = Object.keys(others);
  if (other !== undefined) throw new TypeError(`${quote(text)} says ${other}=, which is neither comm= nor groups=`);

  const sendChannel = SEND_CHANNELS.find((one) => one === channel);
  if (sendChannel === undefined) {
    const names = groups?.split(',').map(checkGroupName);
    return definedOnly({ kind: 'see' as const, msgType, own, groups: names, commTarget: comm });
  }
  if (groups !== undefined)
    throw new TypeError(`${quote(text)} says groups=, which outputs have and requests have not`);
  return definedOnly({ kind: 'send' as const, channel: sendChannel, msgType, own, commTarget: comm });
}

const CHANNELS = [...SEND_CHANNELS, 'iopub'] as const;

function readDetails(text: string): Readonly<Partial<Record<string, string>>> & { comm?: string; groups?: string } {
  const details = new Map<string, string>();
  for (const detail of text.split(' ').filter(Boolean)) {
    const equals = detail.indexOf('=');
    const name = detail.slice(0, equals);
    if (details.has(name)) throw new TypeError(`${quote(text.trim())} says ${name}= twice`);
    details.set(name, detail.slice(equals + 1));
  }
  return Object.fromEntries(details);
}
