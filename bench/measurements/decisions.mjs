import { BUILT_IN_ROLES } from '#src/access/policy/role.js';
import { createDecider } from '#src/access/policy/decide.js';

const FIGURE = 'one decision';

/** Whether a message may be sent or seen, without a kernel. */
export const decisions = {
  name: 'decisions',
  rows: [
    { title: 'deciding about one message, 95th percentile', unit: 'µs', of: [FIGURE, 'ours'], take: 'p95', atMost: 50 },
  ],
  async open() {
    timeDecisions(2_000);
    return { contestants: { ours: async () => ({ [FIGURE]: timeDecisions(2_000) }) } };
  },
};

const roles = {
  ...BUILT_IN_ROLES,
  colleague: {
    name: 'colleague',
    send: ['shell.*', '!shell.history_request'],
    see: ['iopub.*'],
    comms: ['plot*'],
    groups: ['team'],
  },
};
const decider = createDecider({
  roles: new Map(Object.entries(roles)),
  anonymous: 'deny',
  privateGroups: new Set(['team', 'salaries', 'comm:bank']),
});
const acts = [
  { kind: 'send', channel: 'shell', msgType: 'execute_request' },
  { kind: 'send', channel: 'control', msgType: 'interrupt_request', own: true },
  { kind: 'send', channel: 'shell', msgType: 'made_up_request' },
  { kind: 'send', channel: 'shell', msgType: 'comm_msg', commTarget: 'plot1' },
  { kind: 'see', msgType: 'stream', own: false, groups: [] },
  { kind: 'see', msgType: 'display_data', own: true, groups: ['team', 'public'] },
  { kind: 'see', msgType: 'display_data', own: false, groups: 'malformed' },
];
const subjects = [['executor'], ['colleague', 'observer'], ['observer'], ['admin']].map((names) => ({
  name: 'ada',
  roles: names,
}));

function timeDecisions(count) {
  const times = [];
  for (let turn = 0; turn < count; turn += 1) {
    const begin = performance.now();
    decider.decide(subjects[turn % subjects.length], acts[turn % acts.length]);
    times.push((performance.now() - begin) * 1000);
  }
  return times;
}
