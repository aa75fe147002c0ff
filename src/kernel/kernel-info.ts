import { ACCESS_FEATURE } from '../access/requests/request-types.js';
import { PROTOCOL_VERSION } from '../protocol/create-message.js';
import type { JsonObject } from '../protocol/message.js';
import type { Language } from './language.js';

/** Features that the kernel advertises by what it can do, not by what a language says. */
const DECIDED_HERE = new Set(['debugger', 'kernel subshells', ACCESS_FEATURE]);

/** The content of `kernel_info_reply`. */
export function kernelInfo(language: Language): JsonObject {
  const { info } = language;
  const hasDebugger = language.debug !== undefined;
  const features = (info.supported_features ?? []).filter((feature) => !DECIDED_HERE.has(feature));
  return {
    status: 'ok',
    protocol_version: PROTOCOL_VERSION,
    implementation: info.implementation,
    implementation_version: info.implementation_version,
    language_info: info.language_info,
    banner: info.banner,
    help_links: (info.help_links ?? []).map(({ text, url }) => ({ text, url })),
    debugger: hasDebugger,
    supported_features: [...features, ...(hasDebugger ? ['debugger'] : []), ACCESS_FEATURE],
  };
}
