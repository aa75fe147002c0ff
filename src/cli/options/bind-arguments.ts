import { checkPublicKey } from '../../keys/curve-pair.js';

const PAIRS = new Map([
  ['-p', '--param'],
  ['--param', '--param'],
  ['-r', '--param-text'],
  ['--param-text', '--param-text'],
]);

/** Joins `-p NAME VALUE` of `run` into one argument, so that a value may be empty or begin with `-`. */
export function bindParameterArgs(args: readonly string[]): string[] {
  if (args[0] !== 'run') return [...args];
  const bound: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [argument = '', name, value] = args.slice(at, at + 3);
    const option = PAIRS.get(argument);
    if (option === undefined || name === undefined || value === undefined) bound.push(argument);
    else {
      bound.push(`${option}=${JSON.stringify([name, value])}`);
      at += 2;
    }
  }
  return bound;
}

/** Joins `--key` with a key that begins with `-`, as one in 85 does: it would be parsed as options of one letter each. */
export function bindDashedKeyArgs(args: readonly string[]): string[] {
  const bound: string[] = [];
  for (const argument of args) {
    if (bound.at(-1) === '--key' && isDashedKey(argument)) bound[bound.length - 1] = `--key=${argument}`;
    else bound.push(argument);
  }
  return bound;
}

function isDashedKey(text: string): boolean {
  if (!text.startsWith('-')) return false;
  try {
    checkPublicKey(text, '--key');
    return true;
  } catch {
    return false;
  }
}
