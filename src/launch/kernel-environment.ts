import { SECRET_VARIABLE } from '../connection/connection-info.js';
import { exposeZ85 } from '../keys/curve-pair.js';
import type { Secret } from '../keys/secret.js';
import type { KernelSpec } from './kernelspec.js';

/**
 * The whole environment of a kernel: `base`, and over it the kernelspec's own variables with `$NAME` and `${NAME}` filled
 * in from `base`, as jupyter_client does (`string.Template.safe_substitute`: what is unknown stays, `$$` is a dollar).
 * A secret key that was meant for this process is never passed on, under any name; `secretKey` is, to this kernel alone.
 */
export function kernelEnvironment(
  spec: KernelSpec,
  base: NodeJS.ProcessEnv,
  secretKey?: Secret,
): Record<string, string> {
  const { [SECRET_VARIABLE]: _secret, ...inherited } = base;
  const own = Object.entries(spec.env).map(([name, value]) => [name, substitute(value, inherited)]);
  const env: NodeJS.ProcessEnv = { ...inherited, ...Object.fromEntries(own), [SECRET_VARIABLE]: undefined };
  // It would make a Python believe that it is another one.
  if (spec.language.toLowerCase().startsWith('python')) env['PYTHONEXECUTABLE'] = undefined;
  if (secretKey !== undefined) env[SECRET_VARIABLE] = exposeZ85(secretKey);
  const set = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(set);
}

function substitute(template: string, values: NodeJS.ProcessEnv): string {
  return template.replace(
    /\$(?:\$|([_a-z][_a-z0-9]*)|\{([_a-z][_a-z0-9]*)\})/gi,
    (found, plain?: string, braced?: string) => {
      if (found === '$$') return '$';
      const name = plain ?? braced ?? '';
      return Object.hasOwn(values, name) ? (values[name] ?? found) : found;
    },
  );
}
