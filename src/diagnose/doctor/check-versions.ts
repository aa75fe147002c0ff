import { finding, shellWord, type Finding, type FindingId } from './finding.js';
import { isOlder, type PythonPackages } from './python-packages.js';

/** The first versions with what JEP 145 needs. */
export const NEEDED = { jupyter_client: '8.9', ipykernel: '7.3', jupyter_server: '2.20' } as const;

/** What is too old in an environment. `curve` says whether its libzmq has CURVE; undefined where that is not known. */
export function judgeVersions({ prefix, versions }: PythonPackages, curve: boolean | undefined): Finding[] {
  const found: Finding[] = [];
  const add = (id: FindingId, name: string, wanted: string, why: string): void => {
    const version = versions.get(name) ?? '';
    const parts = { subject: `${name} ${version} in ${prefix}`, found: why, wanted: `${name} ${wanted} or later` };
    found.push(finding(id, { ...parts, mend: install(prefix, `${name.replace('_', '-')}>=${wanted}`) }));
  };
  const old = (name: keyof typeof NEEDED): boolean => isOlder(versions.get(name) ?? 'none', NEEDED[name]);
  if (old('jupyter_client'))
    add(
      'jupyter-client-old',
      'jupyter_client',
      '8.10',
      'it drops the keys of connection files: it starts no encrypted kernel, and reaches none',
    );
  else if (versions.get('jupyter_client')?.startsWith('8.9'))
    add(
      'jupyter-client-broken',
      'jupyter_client',
      '8.10',
      'its KernelManager.client() has no keys, so it does not reach the encrypted kernel that it started',
    );
  if (old('ipykernel'))
    add('ipykernel-old', 'ipykernel', NEEDED.ipykernel, 'its kernels ignore Curve keys and talk plain text');
  if (old('jupyter_server'))
    add('jupyter-server-old', 'jupyter_server', NEEDED.jupyter_server, 'it cannot be told to start encrypted kernels');
  if (curve === false)
    add(
      'pyzmq-without-curve',
      'pyzmq',
      '27',
      'its libzmq was built without CURVE: nothing in this environment can encrypt',
    );
  return found;
}

/** A command that installs a package into an environment. */
export const install = (prefix: string, requirement: string): string =>
  `${shellWord(`${prefix}/bin/python`)} -m pip install --upgrade '${requirement}'`;
