import { closest } from './closest.js';

/** A word that was typed, and the word that was most likely meant. */
export interface Mistyped {
  readonly typed: string;
  readonly meant: string;
}

/**
 * Finds the first of `args` that is neither a command nor an option and resembles one; undefined when there is none.
 *
 * @param help Returns the help of the program, or of a command: it lists all names.
 */
export async function findMistyped(
  args: readonly string[],
  help: (command: readonly string[]) => Promise<string>,
): Promise<Mistyped | undefined> {
  const commands = namesIn(await help([]), /^ +jupyter-curve ([\w-]+)/gm);
  const command = args.find((argument) => !argument.startsWith('-'));
  if (command !== undefined && !commands.has(command)) {
    const meant = closest(command, commands);
    return meant === undefined ? undefined : { typed: command, meant };
  }
  const options = namesIn(await help(command === undefined ? [] : [command]), /--([\w-]+)/g);
  for (const argument of args) {
    const [, name] = /^--(?:no-)?([\w-]+)/.exec(argument) ?? [];
    const meant = name === undefined || options.has(name) ? undefined : closest(name, options);
    if (meant !== undefined) return { typed: `--${name}`, meant: `--${meant}` };
  }
  return undefined;
}

const namesIn = (text: string, pattern: RegExp): ReadonlySet<string> =>
  new Set([...text.matchAll(pattern)].map(([, name = '']) => name));
