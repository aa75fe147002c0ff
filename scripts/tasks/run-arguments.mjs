import { parseArgs } from 'node:util';

const text = { type: 'string' };

/** The options of `jupyter-curve run` that a value follows. */
const options = {
  kernel: { ...text, short: 'k' },
  existing: text,
  'key-file': text,
  output: text,
  'transport-encryption': text,
  timeout: text,
};

/** Parses arguments of `jupyter-curve run`: the notebook, if there is one, and the options that are given. */
export function readRunArguments(args) {
  const { positionals, values } = parseArgs({ args, options, strict: false, allowPositionals: true });
  return { notebook: positionals.at(0), given: new Set(Object.keys(values)) };
}
