import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { jupyterDataFolder } from '../../launch/jupyter-paths.js';

/**
 * The default audit file of the kernel of this connection file. Connection files of one name in different folders have different audit
 * files; the connection file need not exist any more.
 */
export async function defaultAuditFile(connectionFile: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folder = await realpath(dirname(connectionFile)).catch(() => resolve(dirname(connectionFile)));
  const name = basename(connectionFile);
  const digest = createHash('sha256').update(join(folder, name)).digest('hex').slice(0, 12);
  return join(await jupyterDataFolder(env), 'jupyter-curve', 'audit', `${basename(name, '.json')}-${digest}.jsonl`);
}
