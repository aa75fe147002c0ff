#!/usr/bin/env node
/** The command's entry. A package of ES modules can have no other kind as its command; the program is CommonJS, which starts faster. */
import { createRequire } from 'node:module';

createRequire(import.meta.url)('./start-program.cjs');
