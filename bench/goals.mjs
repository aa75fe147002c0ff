/**
 * Goals: ratios of medians that were measured in one interleaved run, so that they hold on a noisy machine.
 * `of(figure, variant)` is a median, `of(figure, variant, 'most')` the largest.
 */
const start = 'start to kernel_info_reply, ms';
const trip = 'execute 1+1 to reply and idle, ms';
const lines = '10,000 lines, complete and in order, ms';
const stop = 'interrupt of a spinning cell, ms';
const clients = 'execute 1+1 on ipykernel, curve, ms';
const [ours, theirs, plain] = ['typescript, curve', 'ipykernel, curve', 'typescript, plain'];

export const goals = [
  { what: 'start, ours over ipykernel', atMost: 0.7, value: (of) => of(start, ours) / of(start, theirs) },
  { what: 'execute round trip, ours over ipykernel', atMost: 0.35, value: (of) => of(trip, ours) / of(trip, theirs) },
  { what: 'execute round trip, curve over plain', atMost: 1.1, value: (of) => of(trip, ours) / of(trip, plain) },
  { what: '10,000 lines, ours over ipykernel', atMost: 1.2, value: (of) => of(lines, ours) / of(lines, theirs) },
  { what: 'interrupt, ours over ipykernel', atMost: 1, value: (of) => of(stop, ours) / of(stop, theirs) },
  {
    what: 'round trip to ipykernel, our client over jupyter_client',
    atMost: 1,
    value: (of) => of(clients, 'our Node client') / of(clients, 'jupyter_client'),
  },
  {
    what: 'MB resident, kernel and evaluator, fresh',
    atMost: 150,
    value: (of) => of('resident memory, fresh, MB', ours),
  },
  {
    what: 'cells of 2,000 with a message lost, doubled or late',
    atMost: 0,
    value: (of) => of('cells of 2,000 with a message lost, doubled or late', ours),
  },
  {
    what: 'queued cells of 200 with a message lost, doubled or late',
    atMost: 0,
    value: (of) => of('queued cells of 200 with a message lost, doubled or late', ours, 'most'),
  },
];
