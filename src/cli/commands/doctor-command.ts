import { examine } from '../../diagnose/doctor/examine.js';
import { finding, sortFindings, worstOf, type Finding } from '../../diagnose/doctor/finding.js';
import { fixModes, type FixedFinding } from '../../diagnose/doctor/fix-modes.js';
import { isCurveKernelError } from '../../errors.js';
import type { KernelSpec } from '../../launch/kernelspec.js';
import { startKernel } from '../../manager/lifecycle/start-kernel.js';
import { defineCommand } from '../command.js';
import { openKernelLink } from '../kernel-link.js';
import { flag, JSON_OPTION } from '../options/option.js';
import { printJson, printNote, printResult } from '../output/output.js';
import { formatFindings } from '../output/findings-text.js';
import { listenForInterruption } from '../interruption.js';

/** `doctor`: what is wrong with kernels, kernelspecs, files and versions, and the command that mends each. */
export const command = defineCommand({
  options: {
    fix: flag('Take away permissions of others on your own files and folders, and say so; nothing else is changed'),
    start: flag('Start each kernel that says it can encrypt, to see that it does'),
    all: flag('Also kernels whose connection file is elsewhere, found by the arguments of your processes'),
    json: JSON_OPTION,
  },
  run: async ({ fix, start, all, json }) => {
    const { findings: found, claiming, ...examined } = await examine({ openLink: openKernelLink, everywhere: all });
    const started = start ? await proveAll(claiming) : [];
    const findings = sortFindings([...found, ...started]);
    const fixed = fix ? await fixModes(findings) : [];
    const isFixed = (one: Finding): boolean => fixed.some((each) => each.finding === one && each.before !== undefined);
    const left = findings.filter((one) => !isFixed(one));
    if (json) printJson({ ...examined, findings: findings.map((one) => asJson(one, isFixed(one))) });
    else printResult(formatFindings(left, examined));
    for (const one of fixed) printNote(describeFix(one));
    const worst = worstOf(left);
    if (worst === 'error') process.exitCode = 9;
    if (worst === 'warning') process.exitCode = 8;
  },
});

const asJson = ({ fix, ...told }: Finding, fixed: boolean): object => ({ ...told, fixable: fix !== undefined, fixed });

function describeFix({ finding: { fix, subject }, before, problem }: FixedFinding): string {
  const path = fix?.path ?? subject;
  return before === undefined
    ? `${path} was left as it is: ${problem ?? 'it could not be changed'}`
    : `${path}: permissions of others were taken away; "chmod ${before} ${path}" brings them back`;
}

/** Starts kernels one after another: each under `required`, which probes all its sockets as a peer without keys. */
async function proveAll(specs: readonly KernelSpec[]): Promise<readonly Finding[]> {
  using interruption = listenForInterruption();
  const found: Finding[] = [];
  for (const { name, resourceDir } of specs) {
    printNote(`starting ${name}`);
    const subject = `${name} (${resourceDir})`;
    try {
      const kernel = await startKernel({
        kernelName: name,
        transportEncryption: 'required',
        autoRestart: false,
        signal: interruption.softAbort,
        onOutput: () => undefined,
        onError: () => undefined,
        onWarning: () => undefined,
      });
      await kernel.shutdown();
    } catch (error) {
      if (!isCurveKernelError(error) || error.code === 'interrupted') throw error;
      const { message, hint, code } = error;
      const id = code === 'encryption-not-enforced' ? 'spec-lies' : 'spec-does-not-start';
      found.push(
        finding(id, { subject, found: message, wanted: 'a kernel that refuses peers without keys', mend: hint }),
      );
    }
  }
  return found;
}
