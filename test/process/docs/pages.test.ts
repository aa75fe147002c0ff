/** The pages say what the program does: links, tables and options are checked against the source. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { exitStatuses, statusMeanings } from '#src/cli/output/exit-status.js';
import { NODELAY_LINES } from '#src/diagnose/doctor/check-server.js';
import { FINDINGS } from '#src/diagnose/doctor/finding.js';
import { createCommandLine } from '../../support/command-line.js';
import { COMMANDS } from '../../support/commands.js';
import { repository } from '../../support/repository.js';

const read = (file: string): string => readFileSync(join(repository, file), 'utf8');
const pages = [
  ...readdirSync(repository).filter((name) => name.endsWith('.md')),
  'test/access-rows.md',
  ...readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const anchors = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

describe('pages', () => {
  test.each(pages)('%s links to nothing that is not there', (page) => {
    const text = read(page).replaceAll(/```.*?```/gs, '');
    const broken = [...text.matchAll(/\]\(([^)]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [file = '', anchor] = target.split('#');
        const path = file === '' ? join(repository, page) : join(repository, dirname(page), file);
        return !existsSync(path) || (anchor !== undefined && !anchors(readFileSync(path, 'utf8')).includes(anchor));
      });
    expect(broken).toEqual([]);
  });

  test('docs/errors.md has every code, once, with its exit status', () => {
    const rows = [...read('docs/errors.md').matchAll(/^\| `([a-z-]+)` +\| .*\| (\d+) +\|$/gm)];
    expect(rows.map(([, code, status]) => [code, Number(status)])).toEqual(Object.entries(exitStatuses));
  });

  test('docs/cli.md has every exit status, with the words of --help', () => {
    const rows = [...read('docs/cli.md').matchAll(/^\| (\d+) +\| (.*?) +\|$/gm)].map(([, status, meaning]) => [
      status,
      meaning,
    ]);
    expect(rows).toEqual(Object.entries(statusMeanings));
  });

  test('docs/doctor.md has every finding, once, with its severity', () => {
    const rows = [...read('docs/doctor.md').matchAll(/^\| `([a-z-]+)` +\| (note|warning|error) +\|/gm)];
    expect(rows.map(([, id, severity]) => [id, severity])).toEqual(Object.entries(FINDINGS));
  });

  test('docs/doctor.md has the lines for jupyter_server that doctor prints', () => {
    const [, lines = ''] = /```python\n(.*?)```/s.exec(read('docs/doctor.md')) ?? [];
    expect(`# in jupyter_server_config.py\n${lines.trimEnd()}`).toBe(NODELAY_LINES);
  });

  test.each(COMMANDS)('docs/cli.md names every option of %s, and no other', async (command) => {
    await using line = await createCommandLine();
    const { stdout } = await line.run(command, '--help');
    const inHelp = [...stdout.matchAll(/^ {2,}(?:-\w, )?--([\w-]+)/gm)].map(([, name]) => name);
    const section = new RegExp(`^## \`${command}\\b.*?(?=^## |(?![^]))`, 'ms').exec(read('docs/cli.md'))?.[0] ?? '';
    const inPage = [...section.matchAll(/`--([\w-]+)/g)].map(([, name]) => name);
    const own = inHelp.filter((name) => name !== 'help' && name !== 'version');
    expect(new Set(inPage)).toEqual(new Set(own));
  });
});
