import { fileURLToPath } from 'node:url';

/** Files of this package. This module stays in `cli/`, where the bundle is written: both are as deep. */
export const packageJson = fileURLToPath(new URL('../../package.json', import.meta.url));

/** The template of the kernelspec and its logos: a folder. */
export const kernelspecTemplate = fileURLToPath(new URL('../../kernelspec', import.meta.url));

/** The command `jupyter-curve`. */
export const mainFile = fileURLToPath(new URL('main.js', import.meta.url));
