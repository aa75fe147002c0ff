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

/** What arguments for `jupyter-curve run` say: the notebook, if they name one, and the options that are given. */
export function readRunArguments(args) {
  const { positionals, values } = parseArgs({ args, options, strict: false, allowPositionals: true });
  return { notebook: positionals.at(0), given: new Set(Object.keys(values)) };
}
