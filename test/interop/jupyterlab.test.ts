/** A person opens a notebook in JupyterLab; every kernel connection is encrypted. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { createJupyterEnvironment, waitForNothingLeft } from '../support/kernel/jupyter-environment.js';
import { browserPath, openNotebookInLab, outputOf, runCell, typescriptNotebook } from '../support/kernel/jupyterlab.js';
import { repository } from '../support/repository.js';
import { requireOrSkip } from '../support/require-or-skip.js';

const cells = [
  'const answer: number = 6 * 7;\nconsole.log(`the answer is ${answer}`);',
  'display(svg(`<svg xmlns="http://www.w3.org/2000/svg" width="320" height="120"><polyline fill="none" stroke="teal" stroke-width="3" points="${Array.from({ length: 32 }, (_, i) => `${i * 10},${60 - 50 * Math.sin(i / 4)}`).join(" ")}"/></svg>`))',
  'let turns = 0;\nconsole.log("spinning");\nwhile (true) turns += 1;',
  'console.log(`kept ${answer}, ${turns > 0}`);',
  'console.log(typeof answer);',
];

const testInBrowser = requireOrSkip('a browser', browserPath !== undefined);

testInBrowser(
  'JupyterLab runs, plots, interrupts and restarts the TypeScript kernel under required',
  async () => {
    const environment = await createJupyterEnvironment();
    try {
      await writeFile(join(environment.folder, 'lab.ipynb'), JSON.stringify(typescriptNotebook(cells)));
      const lab = await openNotebookInLab(environment, 'lab.ipynb', [
        '--KernelManager.transport_encryption=required',
        '--LabApp.expose_app_in_browser=True',
      ]);
      try {
        const { page } = lab;
        await idle(page);
        await runCell(page, 0);
        await outputOf(page, 0).getByText('the answer is 42').waitFor();
        await runCell(page, 1);
        await outputOf(page, 1).locator('svg polyline, img').first().waitFor();

        const file = (await readdir(environment.runtime)).find((name) => /^kernel-.*\.json$/.test(name)) ?? '';
        const fields: object = JSON.parse(await readFile(join(environment.runtime, file), 'utf8'));
        expect(Object.keys(fields)).toEqual(expect.arrayContaining(['curve_publickey', 'curve_secretkey']));

        await runCell(page, 2);
        await outputOf(page, 2).getByText('spinning').waitFor();
        await command(page, 'notebook:interrupt-kernel');
        await outputOf(page, 2).getByText('Interrupted').first().waitFor();
        await runCell(page, 3);
        await outputOf(page, 3).getByText('kept 42, true').waitFor();

        await mkdir(join(repository, 'artifacts'), { recursive: true });
        await page.screenshot({ path: join(repository, 'artifacts/jupyterlab.png') });

        await command(page, 'notebook:restart-kernel');
        await page.locator('.jp-Dialog .jp-mod-accept').click();
        await page
          .getByText('TypeScript (Curve) | Restarting')
          .waitFor()
          .catch(() => undefined);
        await idle(page);
        await runCell(page, 4);
        await outputOf(page, 4).getByText('undefined').waitFor();
      } finally {
        await lab.close();
      }
      // The Jupyter server keeps the secret of its own cookies for its next start.
      await rm(join(environment.runtime, 'jupyter_cookie_secret'), { force: true });
      expect(await waitForNothingLeft(environment)).toEqual([]);
    } finally {
      await environment.dispose();
    }
  },
  300_000,
);

/** Waits until the status bar says that the kernel is idle; before there is a kernel, JupyterLab runs cells into the void. */
async function idle(page: Page): Promise<void> {
  await page.getByText('TypeScript (Curve) | Idle').waitFor();
}

/** Runs one of JupyterLab's commands, as its menus do. The page exposes the application where the server is told so. */
async function command(page: Page, id: string): Promise<void> {
  await page.evaluate(`void jupyterapp.commands.execute(${JSON.stringify(id)})`);
}
