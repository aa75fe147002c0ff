import { isAbsolute } from 'node:path';
import type { KernelSpec } from '../../launch/kernelspec.js';
import { kernelKind, relayedName } from '../kernelspec-facts.js';
import { fact, type Content } from './inspection.js';

/** Explains a kernelspec. */
export function inspectKernelspec(spec: KernelSpec): Content {
  const kind = kernelKind(spec);
  const relayed = relayedName(spec);
  const [program = ''] = spec.argv;
  return {
    kind: 'kernelspec',
    title: `a kernelspec: how to start the kernel "${spec.name}"`,
    facts: [
      fact('kernel_name', 'kernel', spec.name),
      fact('display_name', 'shown as', spec.displayName),
      fact('language', 'language', spec.language === '' ? 'not said' : spec.language, spec.language),
      fact('encryption', 'encryption', CLAIMS[kind], kind),
      ...(relayed === undefined ? [] : [fact('relays', 'relays', `the kernel "${relayed}"`, relayed)]),
      fact(
        'program',
        'program',
        isAbsolute(program) || program === '' ? program : `${program}, found on the PATH`,
        program,
      ),
      fact('interrupt_mode', 'interrupt', `by ${spec.interruptMode}`, spec.interruptMode),
      // Only the names: their values may be passwords.
      fact('env', 'environment', Object.keys(spec.env).join(', ') || 'nothing added', Object.keys(spec.env)),
    ],
    problems: [],
    isSecret: false,
  };
}

const CLAIMS = {
  native: 'says that its kernels take Curve keys (only a running one proves it)',
  relayed: 'by the relay of jupyter-curve, in front of a kernel that need not know Curve',
  plain: 'says nothing of Curve: its kernels get no keys',
} as const;
