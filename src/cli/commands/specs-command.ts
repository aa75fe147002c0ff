import type { CommandModule } from 'yargs';
import { findKernelSpecs } from '../../launch/find-kernelspecs.js';
import { JSON_OPTION, printJson, printNote, printResult, printWarning, table } from '../output/output.js';

interface SpecsArguments {
  readonly json: boolean;
}

/** `specs`: lists the installed kernelspecs, their folders, and whether they advertise Curve. */
export const specsCommand: CommandModule<object, SpecsArguments> = {
  command: 'specs',
  describe: 'List the installed kernels and whether they can encrypt',
  builder: (yargs) => yargs.option('json', JSON_OPTION),
  handler: specs,
};

async function specs({ json }: SpecsArguments): Promise<void> {
  const found = [...(await findKernelSpecs({ onWarning: printWarning })).values()];
  const sorted = found.toSorted((a, b) => a.name.localeCompare(b.name));
  if (json) {
    printJson({
      kernelspecs: Object.fromEntries(
        sorted.map((one) => [one.name, { resource_dir: one.resourceDir, curve: one.supportsCurve, spec: one.raw }]),
      ),
    });
  } else if (sorted.length === 0) printNote('no kernel is installed');
  else {
    const rows = sorted.map((one) => [one.name, one.supportsCurve ? 'yes' : 'no', one.language, one.resourceDir]);
    printResult(table([['NAME', 'CURVE', 'LANGUAGE', 'FOUND IN'], ...rows]));
  }
}
