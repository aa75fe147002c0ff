import { SECRET_VARIABLE } from '../connection/connection-info.js';
import { exposeZ85 } from '../keys/curve-pair.js';
import type { Secret } from '../keys/secret.js';
import type { KernelSpec } from './kernelspec.js';

/**
 * Builds the whole environment of a kernel: `base`, overridden by the kernelspec's own variables with `$NAME` and `${NAME}` filled in from
 * `base`, as jupyter_client does (`string.Template.safe_substitute`: unknown names stay, `$$` is a dollar). A secret key in `base`, which was
 * meant for this process, is never passed on under any name; `secretKey` is passed to this kernel only.
 */
export function kernelEnvironment(
  spec: KernelSpec,
  base: NodeJS.ProcessEnv,
  secretKey?: Secret,
): Record<string, string> {
  const { [SECRET_VARIABLE]: _secret, ...inherited } = base;
  const own = Object.entries(spec.env).map(([name, value]) => [name, substitute(value, inherited)]);
  const env: NodeJS.ProcessEnv = { ...inherited, ...Object.fromEntries(own), [SECRET_VARIABLE]: undefined };
  // On macOS it makes a Python take another executable for its own.
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
