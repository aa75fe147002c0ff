/** What docs/share.md says of `jupyter console`: when this fails, jupyter_client has learned to, and the page is to say so. */
import { existsSync } from 'node:fs';
import { expect } from '@jest/globals';
import { pythonPath } from '../support/python.js';
import { requireOrSkip } from '../support/require-or-skip.js';
import { startLiveKernel } from '../support/kernel/live-kernel.js';
import { runPython } from '../support/run-python.js';

requireOrSkip('a Python with jupyter_client', existsSync(pythonPath()))(
  'the console of jupyter_client leaves the keys of a connection file out, and gets no answer',
  async () => {
    await using live = await startLiveKernel();
    const file = await live.file('ann', await live.grant('ann', ['executor']));
    const app = runPython('console_app.py', live.environment, { file });
    expect(JSON.parse(await app.nextLine())).toEqual({ keys: false, ready: false });
    await app.end();
  },
);
