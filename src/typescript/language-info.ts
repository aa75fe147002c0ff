/** What the kernel says of its language in `kernel_info_reply`. */
import { createRequire } from 'node:module';
import type { LanguageInfo } from '../kernel/language.js';

const manifest: { readonly version: string } = createRequire(import.meta.url)('../../package.json');
const { version } = manifest;

/** TypeScript on this Node, in the version of this package. */
export const LANGUAGE_INFO: LanguageInfo = {
  implementation: 'jupyter-curve',
  implementation_version: version,
  banner: `TypeScript on Node ${process.versions.node} (jupyter-curve ${version})`,
  language_info: {
    name: 'typescript',
    version: '7.0',
    mimetype: 'text/x-typescript',
    file_extension: '.ts',
    pygments_lexer: 'typescript',
    codemirror_mode: 'typescript',
    nbconvert_exporter: 'script',
  },
  help_links: [
    { text: 'TypeScript', url: 'https://www.typescriptlang.org/docs/' },
    { text: 'Node.js', url: 'https://nodejs.org/docs/latest/api/' },
  ],
};
