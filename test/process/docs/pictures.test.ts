/** docs/pictures: what README.md shows is what the program does now. UPDATE_PICTURES=1 takes the picture of JupyterLab. */
import { readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createJupyterEnvironment } from '../../support/kernel/jupyter-environment.js';
import { openNotebookInLab } from '../../support/kernel/jupyterlab.js';
import { repository } from '../../support/repository.js';

const pictures = join(repository, 'docs/pictures');

/** The words of the terminal's picture, line by line. */
const shown = (): readonly string[] =>
  [...readFileSync(join(pictures, 'terminal.svg'), 'utf8').matchAll(/^<text .*$/gm)].map(([line]) =>
    line
      .replaceAll(/<[^>]+>/g, '')
      .replaceAll('\u00a0', ' ')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&'),
  );

test('the terminal shows the first commands of README.md, and CURVE on five channels', () => {
  const [, block = ''] = /^```sh\n(.*?)^```$/ms.exec(readFileSync(join(repository, 'README.md'), 'utf8')) ?? [];
  const commands = block
    .trim()
    .split('\n')
    .map((line) => line.replace(/ +#.*/, ''));
  const lines = shown();
  expect(lines.filter((line) => line.startsWith('$'))).toEqual(commands.map((command) => `$${command}`));
  expect(lines.filter((line) => /^\w+ +tcp:\S+ +CURVE +SHA256:\S+$/.test(line))).toHaveLength(5);
});

test('the terminal names no folder of the machine that it was made on', () => {
  expect(shown().filter((line) => /(^| )\/(tmp|home|root|work)\b/.test(line))).toEqual([]);
});

test('JupyterLab is shown in a picture of at most 150 KB', async () => {
  const file = join(pictures, 'jupyterlab.png');
  if (process.env['UPDATE_PICTURES'] === '1') await takePicture(file);
  const picture = readFileSync(file);
  expect(picture.subarray(1, 4).toString()).toBe('PNG');
  expect(picture.length).toBeLessThan(150 * 1024);
}, 180_000);

async function takePicture(file: string): Promise<void> {
  const environment = await createJupyterEnvironment();
  try {
    await copyFile(join(repository, 'examples/tour.ipynb'), join(environment.folder, 'tour.ipynb'));
    const lab = await openNotebookInLab(environment, 'tour.ipynb', [
      '--KernelManager.transport_encryption=required',
      '--LabApp.expose_app_in_browser=True',
    ]);
    try {
      const { page } = lab;
      await page.setViewportSize({ width: 1200, height: 760 });
      await page.getByText('TypeScript (Curve) | Idle').waitFor({ timeout: 60_000 });
      await page.evaluate(`jupyterapp.commands.execute('notebook:run-all-cells')`);
      const plot = page.locator('.jp-Notebook .jp-RenderedSVG').first();
      await plot.waitFor({ state: 'attached' });
      await page.evaluate(`void jupyterapp.commands.execute('application:toggle-left-area')`);
      await page.getByText('TypeScript (Curve) | Idle').waitFor();
      await plot.scrollIntoViewIfNeeded();
      await page.waitForTimeout(1_000);
      await page.screenshot({ path: file });
    } finally {
      await lab.close();
    }
  } finally {
    await environment.dispose();
  }
}
