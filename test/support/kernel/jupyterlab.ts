/** JupyterLab in headless Chromium: a server on loopback with a token, and a page that shows a notebook. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { JupyterEnvironment } from './jupyter-environment.js';
import { eventually } from '../eventually.js';
import { pythonPath } from '../python.js';

/** A Chromium that the system has, or nothing. */
export const browserPath = [process.env['JUPYTER_CURVE_TEST_BROWSER'], '/usr/bin/chromium', '/usr/bin/google-chrome']
  .filter((path) => path !== undefined)
  .find((path) => existsSync(path));

export interface LabSession {
  readonly page: Page;
  close(): Promise<void>;
}

/** The server's REST interface, as a front end uses it. */
export type AskServer = (method: string, path: string, body?: unknown) => Promise<unknown>;

/** `prepare` is done when the server is there, and before the notebook is opened. */
export async function openNotebookInLab(
  environment: JupyterEnvironment,
  notebook: string,
  serverArguments: readonly string[],
  prepare: (ask: AskServer) => Promise<void> = () => Promise.resolve(),
): Promise<LabSession> {
  const settings = join(environment.env['JUPYTER_CONFIG_DIR'] ?? '', 'labconfig');
  await mkdir(settings, { recursive: true });
  await writeFile(
    join(settings, 'page_config.json'),
    JSON.stringify({ disabledExtensions: { '@jupyterlab/apputils-extension:announcements': true } }),
  );
  const token = randomUUID();
  const server = spawn(
    pythonPath(),
    [
      '-m',
      'jupyterlab',
      '--no-browser',
      '--allow-root',
      '--ip=127.0.0.1',
      '--port=0',
      `--IdentityProvider.token=${token}`,

      `--ServerApp.root_dir=${environment.folder}`,
      ...serverArguments,
    ],
    { env: environment.env, cwd: environment.folder, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let browser: Browser | undefined;
  const close = async (): Promise<void> => {
    await browser?.close();
    await end(server);
  };
  try {
    const url = await serverUrl(server, environment.runtime);
    await prepare(async (method, path, body) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return response.json();
    });
    browser = await chromium.launch({
      ...(browserPath === undefined ? {} : { executablePath: browserPath }),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    page.setDefaultTimeout(90_000);
    await page.goto(`${url}lab/tree/${notebook}?token=${token}`, { waitUntil: 'domcontentloaded' });
    await page.locator('.jp-Notebook').waitFor();
    return { page, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function serverUrl(server: ChildProcess, runtime: string): Promise<string> {
  let log = '';
  server.stderr?.on('data', (text) => (log += String(text)));
  return eventually(async () => {
    if (server.exitCode !== null) throw new Error(`the Jupyter server ended with status ${server.exitCode}:\n${log}`);
    const file = (await readdir(runtime)).find((name) => /^jpserver-\d+\.json$/.test(name));
    if (file === undefined) return undefined;
    try {
      const { url }: { url: string } = JSON.parse(await readFile(join(runtime, file), 'utf8'));
      await (await fetch(`${url}api`)).text();
      return url;
    } catch {
      return undefined; // The file is being written, or is there before the server listens.
    }
  }, 'the Jupyter server starts');
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  const forced = setTimeout(() => server.kill('SIGKILL'), 60_000);
  await ended;
  clearTimeout(forced);
}

/** A notebook for the TypeScript kernel, as JSON, with a code cell for each source. */
export function typescriptNotebook(sources: readonly string[]): object {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'typescript', display_name: 'TypeScript', language: 'typescript' } },
    cells: sources.map((source, index) => ({
      cell_type: 'code',
      id: `cell-${index}`,
      metadata: {},
      execution_count: null,
      outputs: [],
      source,
    })),
  };
}

/** Runs the cell with that index, by keyboard. */
export async function runCell(page: Page, index: number): Promise<void> {
  await page.locator('.jp-Notebook .jp-Cell').nth(index).locator('.jp-InputArea-editor').click();
  await page.keyboard.press('Control+Enter');
}

/** Where the output of the cell with that index is shown. */
export function outputOf(page: Page, index: number): ReturnType<Page['locator']> {
  return page.locator('.jp-Notebook .jp-Cell').nth(index).locator('.jp-OutputArea');
}
