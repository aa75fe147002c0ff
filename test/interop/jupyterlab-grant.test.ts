/** Two people share a kernel: one works in JupyterLab through a file she was granted, one looks on. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { writeConnectionFile } from '#src/connection/write-connection-file.js';
import { textOf, type KernelClient } from '../support/kernel/kernel-client.js';
import { browserPath, openNotebookInLab, outputOf, runCell, typescriptNotebook } from '../support/kernel/jupyterlab.js';
import { repository } from '../support/repository.js';
import { requireOrSkip } from '../support/require-or-skip.js';
import { startLiveKernel } from '../support/kernel/live-kernel.js';
import { runPython } from '../support/run-python.js';

const cells = [
  'const answer: number = 6 * 7;\nconsole.log(`the answer is ${answer}`);',
  'display(svg(`<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20"><line x2="80" y2="20" stroke="teal"/></svg>`))',
  'console.log(`the last line, ${typeof intruder}`);',
];

const testInBrowser = requireOrSkip('a browser', browserPath !== undefined);

testInBrowser(
  'JupyterLab runs cells through a granted file as executor; an observer sees the same and runs none',
  async () => {
    await using live = await startLiveKernel();
    const { environment } = live;
    const external = join(environment.folder, 'external');
    await mkdir(external, { mode: 0o700 });
    await writeConnectionFile(join(external, 'shared.json'), await live.grant('lena', ['executor']));
    const observer = runPython('watching_observer.py', environment, {
      file: await live.file('onlooker', await live.grant('onlooker', ['observer'])),
      last: 'the last line, undefined',
    });
    expect(await observer.nextLine()).toBe('watching');
    const owner = await live.connect();
    await writeFile(join(environment.folder, 'shared.ipynb'), JSON.stringify(typescriptNotebook(cells)));

    const lab = await openNotebookInLab(
      environment,
      'shared.ipynb',
      [
        '--ServerApp.allow_external_kernels=True',
        `--ServerApp.external_connection_dir=${external}`,
        '--LabApp.expose_app_in_browser=True',
      ],
      async (ask) => {
        const kernels = await ask('GET', 'api/kernels');
        expect(kernels).toEqual([expect.objectContaining({ name: 'typescript', id: expect.any(String) })]);
        const [id] = Array.isArray(kernels) ? kernels.map((kernel: { readonly id: string }) => kernel.id) : [];
        await ask('POST', 'api/sessions', { path: 'shared.ipynb', name: '', type: 'notebook', kernel: { id } });
      },
    );
    try {
      const { page } = lab;
      await page.getByText('TypeScript (Curve) | Idle').waitFor();
      await runCell(page, 0);
      await outputOf(page, 0).getByText('the answer is 42').waitFor();
      await runCell(page, 1);
      await outputOf(page, 1).locator('svg line, img').first().waitFor();
      await runCell(page, 2);
      await outputOf(page, 2).getByText('the last line, undefined').waitFor();
      await mkdir(join(repository, 'artifacts'), { recursive: true });
      await page.screenshot({ path: join(repository, 'artifacts/jupyterlab-grant.png') });

      const found: { refusal: unknown; seen: readonly (readonly string[])[] } = JSON.parse(await observer.nextLine());
      expect(found.refusal).toEqual(['NotPermitted', 'observer may not send shell.execute_request']);
      expect(found.seen).toEqual([
        ['execute_input', cells[0], 'lena'],
        ['stream', 'the answer is 42\n', 'lena'],
        ['execute_input', cells[1], 'lena'],
        ['display_data', expect.stringContaining('image/svg+xml'), 'lena'],
        ['execute_input', cells[2], 'lena'],
        ['stream', 'the last line, undefined\n', 'lena'],
      ]);
      await observer.end();

      // Taken back while the page is open: she sees no more of what goes on.
      await live.access.revoke({ name: 'lena' });
      await owner.ask('execute_request', { code: "console.log('without lena')" });
      expect(names(owner)).toEqual(new Set(['lena', 'owner']));
      expect(await page.getByText('without lena').count()).toBe(0);
    } finally {
      await lab.close();
    }
  },
  300_000,
);

testInBrowser(
  'JupyterLab says under a cell of an observer that it is refused, and shows what others do in a console',
  async () => {
    await using live = await startLiveKernel();
    const { environment } = live;
    const external = join(environment.folder, 'external');
    await mkdir(external, { mode: 0o700 });
    await writeConnectionFile(join(external, 'onlooker.json'), await live.grant('onlooker', ['observer']));
    await writeFile(join(environment.folder, 'watch.ipynb'), JSON.stringify(typescriptNotebook(['1 + 1'])));
    let id = '';
    const lab = await openNotebookInLab(
      environment,
      'watch.ipynb',
      [
        '--ServerApp.allow_external_kernels=True',
        `--ServerApp.external_connection_dir=${external}`,
        '--LabApp.expose_app_in_browser=True',
      ],
      async (ask) => {
        const kernels = await ask('GET', 'api/kernels');
        [id = ''] = Array.isArray(kernels) ? kernels.map((kernel: { readonly id: string }) => kernel.id) : [];
        await ask('POST', 'api/sessions', { path: 'watch.ipynb', name: '', type: 'notebook', kernel: { id } });
      },
    );
    try {
      const { page } = lab;
      await page.getByText('TypeScript (Curve) | Idle').waitFor();
      await runCell(page, 0);
      await outputOf(page, 0).getByText('NotPermitted: observer may not send shell.execute_request').waitFor();

      await page.setViewportSize({ width: 960, height: 540 });
      await page.getByRole('tab', { name: 'Running Terminals and Kernels' }).click();
      await page.getByText(`(${id.slice(0, 8)})`).click({ button: 'right' });
      await page.getByRole('menuitem', { name: 'New Console for Kernel' }).click();
      const consoleOf = page.locator('.jp-CodeConsole');
      await consoleOf.waitFor();
      const owner = await live.connect();
      await owner.ask('execute_request', { code: "console.log('before')" });
      await page.locator('.jp-CodeConsole-promptCell').click({ button: 'right' });
      await page.getByText('Show All Kernel Activity').click();
      await owner.ask('execute_request', { code: 'const answer = 6 * 7;\nconsole.log(`the answer is ${answer}`);' });
      await consoleOf.getByText('the answer is 42', { exact: true }).waitFor();
      expect(await consoleOf.getByText('before').count()).toBe(0);
      await page.mouse.move(0, 0);
      await mkdir(join(repository, 'artifacts'), { recursive: true });
      await page.screenshot({ path: join(repository, 'artifacts/jupyterlab-observer.png') });
    } finally {
      await lab.close();
    }
  },
  300_000,
);

const names = ({ heard }: KernelClient): Set<string> =>
  new Set(
    heard.flatMap(({ message }) =>
      message.header.msg_type === 'execute_input' ? [textOf(message.parent_header.username)] : [],
    ),
  );
