import { fileURLToPath } from 'node:url';

/** The package.json of this package. This module stays in `cli/`, where the bundle is written: both are at the same depth. */
export const packageJson = fileURLToPath(new URL('../../package.json', import.meta.url));

/** The folder with the template of the kernelspec and its logos. */
export const kernelspecTemplate = fileURLToPath(new URL('../../kernelspec', import.meta.url));

/** All that a kernel's process loads, in one file. */
export const kernelBundle = fileURLToPath(new URL('kernel-process.cjs', import.meta.url));

/** The program that a kernelspec starts. */
export const kernelFile = fileURLToPath(new URL('kernel.cjs', import.meta.url));

/** All that a relay's process loads, in one file. */
export const relayBundle = fileURLToPath(new URL('relay-process.cjs', import.meta.url));

/** The program behind the command, which starts faster than main.js: that has to be an ES module. */
export const programFile = fileURLToPath(new URL('start-program.cjs', import.meta.url));
