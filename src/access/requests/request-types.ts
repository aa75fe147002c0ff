/** In `supported_features` of a `kernel_info_reply`: the kernel answers requests about access, `curve_…_request` on control. */
export const ACCESS_FEATURE = 'curve access';

/** The requests about access, by the middle of their message type. */
export const ACCESS_VERBS = [
  'grant',
  'revoke',
  'rotate',
  'role',
  'topic',
  'clients',
  'can',
  'policy',
  'watch',
] as const;

/** One of {@link ACCESS_VERBS}. */
export type AccessVerb = (typeof ACCESS_VERBS)[number];

/** The type of a request about access. */
export const accessType = (verb: AccessVerb): string => `curve_${verb}_request`;

/** The type, and topic, of messages on iopub that tell watchers of access events. */
export const ACCESS_EVENT = 'curve_event';
