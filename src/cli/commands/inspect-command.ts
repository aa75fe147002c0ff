import { SOCKET_NAMES } from '../../connection/per-socket.js';
import { describeReaders } from '../../diagnose/file-readers.js';
import { inspectFile } from '../../diagnose/inspect/inspect-file.js';
import type { Inspection } from '../../diagnose/inspect/inspection.js';
import { describeProtection, lookAtWire, type Wire } from '../../diagnose/wire.js';
import { definedOnly } from '../../support/defined-only.js';
import { defineCommand } from '../command.js';
import { argument, flag, JSON_OPTION } from '../options/option.js';
import { exitStatuses } from '../output/exit-status.js';
import { printJson, printResult, printWarning, table } from '../output/output.js';
import { usageError } from '../output/usage-error.js';

/** `inspect`: explains a file, and shows no secret of it. */
export const command = defineCommand({
  arguments: { path: argument('A connection file, grant, kernelspec, certificate, policy, list of clients or audit') },
  options: {
    probe: flag('Look at the sockets that the connection file names: does a kernel answer, and is it encrypted'),
    json: JSON_OPTION,
  },
  examples: [['inspect kernel.json --probe']],
  run: async ({ path, probe, json }) => {
    const { inspection, connection } = await inspectFile(path);
    if (probe && connection === undefined) throw usageError('--probe is for connection files and grants.', 'inspect');
    const wire = probe && connection ? await lookAtWire(connection.address, connection.publicKey) : undefined;
    if (json) printJson(asJson(inspection, wire));
    else printResult(asText(inspection, wire));
    if (inspection.problems.length > 0) process.exitCode = exitStatuses['connection-file-unsafe'];
    if (!json) for (const problem of inspection.problems) printWarning(problem);
  },
});

function asJson({ file, kind, title, facts, readers, problems }: Inspection, wire: Wire | undefined): object {
  return {
    file,
    kind,
    title,
    ...Object.fromEntries(facts.map(({ name, value }) => [name, value])),
    readers: definedOnly({ mode: readers.mode, owner: readers.owner, readable_by: readers.readableBy }),
    problems,
    ...(wire && { probe: { protection: wire.protection, mechanisms: wire.mechanisms } }),
  };
}

function asText({ file, title, facts, readers }: Inspection, wire: Wire | undefined): string {
  const rows = [
    ...facts.map(({ label, words }) => [`  ${label}`, words]),
    ['  read by', describeReaders(readers)],
    ...(wire === undefined
      ? []
      : [
          ['  answers', describeProtection(wire.protection)],
          ['  sockets', socketsOf(wire)],
        ]),
  ];
  return `${file}: ${title}\n${table(rows)}`;
}

const socketsOf = ({ mechanisms }: Wire): string =>
  SOCKET_NAMES.map((name) => `${name} ${mechanisms[name]}`).join(', ');
