import { findKernelSpecs } from '../../launch/find-kernelspecs.js';
import { defineCommand } from '../command.js';
import { JSON_OPTION } from '../options/option.js';
import { printJson, printNote, printResult, printWarning, table } from '../output/output.js';

/** `specs`: lists the installed kernelspecs, their folders, and whether they advertise Curve. */
export const command = defineCommand({
  options: { json: JSON_OPTION },
  run: async ({ json }) => {
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
  },
});
