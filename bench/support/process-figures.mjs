import { readFile, readdir } from 'node:fs/promises';

/**
 * Memory of a process and its descendants, in MB (2^20 bytes): `rss` counts shared pages in each, `pss` divides them up. Neither is there
 * where there is no /proc.
 */
export async function memoryOf(pid) {
  if (process.platform !== 'linux') return {};
  const total = { rss: 0, pss: 0 };
  for (const one of await treeOf(pid)) {
    const text = await readFile(`/proc/${one}/smaps_rollup`, 'utf8').catch(() => '');
    for (const field of ['Rss', 'Pss']) {
      total[field.toLowerCase()] += Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1024;
    }
  }
  return total;
}

/** Milliseconds of processor time, in the system's steps of ten. Linux only. */
export async function processorTimeOf(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function treeOf(pid) {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const children = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  const below = children.flatMap((text) => text.split(' ').filter(Boolean)).map(treeOf);
  return [pid, ...(await Promise.all(below)).flat()];
}
