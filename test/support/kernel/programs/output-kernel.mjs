// A kernel in a process of its own whose cells are JSON: {"small": n} shows n short texts, {"displays": n, "bytes": b} shows n displays
// of b bytes each. Its result is the most memory that the process has used so far, in bytes. Usage: output-kernel.mjs CONNECTION_FILE
import { setImmediate } from 'node:timers/promises';
import { serveKernel } from '#src/kernel/serve-kernel.js';

const language = {
  info: {
    implementation: 'output',
    implementation_version: '1.0',
    banner: '',
    language_info: { name: 'output', version: '1.0', mimetype: 'text/plain', file_extension: '.txt' },
  },
  async execute({ code }, cell) {
    const { small = 0, displays = 0, bytes = 0 } = JSON.parse(code);
    const html = 'x'.repeat(bytes);
    for (let n = 0; n < Math.max(small, displays); n++) {
      if (n < small) cell.publish('comm_msg', { comm_id: 'c', data: { n } });
      if (n < displays) cell.display({ 'text/html': html });
      await setImmediate();
    }
    cell.result({ 'text/plain': String(process.resourceUsage().maxRSS * 1024) });
    return { status: 'ok' };
  },
};

await serveKernel(language, process.argv[2], { ownsProcess: true });
