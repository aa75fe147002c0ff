import { fileURLToPath } from 'node:url';

/** The package.json of this package. This module stays in `cli/`, where the bundle is written: both are at the same depth. */
export const packageJson = fileURLToPath(new URL('../../package.json', import.meta.url));

/** The folder with the template of the kernelspec and its logos. */
export const kernelspecTemplate = fileURLToPath(new URL('../../kernelspec', import.meta.url));

/** The entry of the command `jupyter-curve`. */
export const mainFile = fileURLToPath(new URL('main.js', import.meta.url));
