import { readFile, writeFile } from 'node:fs/promises';
import { inRoot } from '../../scripts/tasks/run.mjs';
import { asMarkdown } from './table.mjs';

const PAGES = ['README.md', 'docs/speed.md'];

/** Puts pictures into docs/pictures, and tables with a sentence on the run between the marks of the pages. */
export async function publish({ pictures, tables }, sentence) {
  for (const [file, drawing] of Object.entries(pictures)) await writeFile(inRoot('docs', 'pictures', file), drawing);
  const { format, resolveConfig } = await import('prettier');
  for (const page of PAGES) {
    const file = inRoot(page);
    const text = await readFile(file, 'utf8');
    const filled = text.replace(/(<!-- bench (\w+) -->\n).*?(?=<!-- \/bench -->)/gs, (block, mark, name) =>
      name in tables ? `${mark}\n${asMarkdown(tables[name])}\n\n${sentence}\n\n` : block,
    );
    // As `npm run lint` wants it.
    if (filled !== text)
      await writeFile(file, await format(filled, { ...(await resolveConfig(file)), filepath: file }));
  }
}
