import { fileURLToPath } from 'node:url';

/** Files of this package. This module stays in `cli/`, where the bundle is written: both are as deep. */
export const packageJson = fileURLToPath(new URL('../../package.json', import.meta.url));

/** The template of the kernelspec and its logos: a folder. */
export const kernelspecTemplate = fileURLToPath(new URL('../../kernelspec', import.meta.url));

/** All that a kernel's process loads, in one file. */
export const kernelBundle = fileURLToPath(new URL('kernel-process.cjs', import.meta.url));

/** The program that a kernelspec starts. */
export const kernelFile = fileURLToPath(new URL('kernel.cjs', import.meta.url));
