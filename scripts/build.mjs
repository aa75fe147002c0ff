// npm run build: src/ → dist/
import { build } from './tasks/build.mjs';
import { script } from './tasks/run.mjs';

script(build);
