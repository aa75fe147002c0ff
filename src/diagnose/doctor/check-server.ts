import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finding, type Finding } from './finding.js';
import type { PythonPackages } from './python-packages.js';

/** Lines for `jupyter_server_config.py` that send each message of a kernel to the browser at once. */
export const NODELAY_LINES = `# in jupyter_server_config.py
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

_open = KernelWebsocketHandler.open

async def _open_without_delay(self, *args, **kwargs):
    self.set_nodelay(True)
    await _open(self, *args, **kwargs)

KernelWebsocketHandler.open = _open_without_delay`;

/**
 * Finds a jupyter_server whose kernel websocket has no TCP_NODELAY (Nagle's algorithm then waits for the browser's delayed acknowledgement: 48 ms for
 * each cell, with any kernel), by the source of the package and of its configuration.
 */
export async function checkServer(
  { folders, versions, prefix }: PythonPackages,
  configs: readonly string[],
): Promise<Finding[]> {
  const version = versions.get('jupyter_server');
  if (version === undefined) return [];
  const handlers = folders.flatMap((folder) =>
    ['base/websocket.py', 'services/kernels'].map((part) => join(folder, 'jupyter_server', part)),
  );
  const settings = configs.flatMap((folder) =>
    ['jupyter_server_config.py', 'jupyter_config.py'].map((name) => join(folder, name)),
  );
  if (await anyMentions([...handlers, ...settings], /set_nodelay|TCP_NODELAY/)) return [];
  return [
    finding('server-nodelay', {
      subject: `jupyter_server ${version} in ${prefix}`,
      found: 'it sends small messages late: 48 ms for each cell, with any kernel',
      wanted: 'TCP_NODELAY on the websocket of kernels',
      mend: NODELAY_LINES,
    }),
  ];
}

/** Looks into files, and into the Python files of folders. */
async function anyMentions(paths: readonly string[], pattern: RegExp): Promise<boolean> {
  for (const path of paths) {
    const names = await readdir(path, { recursive: true }).catch(() => undefined);
    const files =
      names === undefined ? [path] : names.filter((name) => name.endsWith('.py')).map((name) => join(path, name));
    for (const file of files) if (pattern.test(await readFile(file, 'utf8').catch(() => ''))) return true;
  }
  return false;
}
