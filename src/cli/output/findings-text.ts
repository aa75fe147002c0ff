import type { Finding, Severity } from '../../diagnose/doctor/finding.js';
import { oneLine, plural } from './output.js';

/** What was examined. */
export interface Examined {
  readonly kernelspecs: number;
  readonly kernels: number;
  readonly environments: readonly string[];
}

/** A paragraph for each finding, and a line that counts them. */
export function formatFindings(findings: readonly Finding[], { kernelspecs, kernels, environments }: Examined): string {
  const looked = [
    plural(kernelspecs, 'kernelspec'),
    plural(kernels, 'running kernel'),
    plural(environments.length, 'Python environment'),
  ].join(', ');
  const counts = (['error', 'warning', 'note'] as const).flatMap((severity) => {
    const count = findings.filter((one) => one.severity === severity).length;
    return count === 0 ? [] : [plural(count, severity)];
  });
  return [...findings.map(paragraph), `${looked}: ${counts.join(', ') || 'nothing to mend'}`].join('\n\n');
}

function paragraph({ id, severity, subject, found, wanted, mend }: Finding): string {
  const [first = '', ...rest] = mend.split('\n').map(oneLine);
  return [
    `${SIGNS[severity]} ${id}: ${oneLine(subject)}`,
    `  found   ${oneLine(found)}`,
    `  wanted  ${oneLine(wanted)}`,
    `  mend    ${first}`,
    ...rest.map((line) => `          ${line}`.trimEnd()),
  ].join('\n');
}

const SIGNS: Readonly<Record<Severity, string>> = { error: 'ERROR  ', warning: 'WARNING', note: 'NOTE   ' };
