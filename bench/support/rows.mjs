import { median, paired, quantile, spread } from './statistics.mjs';

const taken = { median, most: (values) => quantile(values, 1), p95: (values) => quantile(values, 0.95) };

/**
 * What the samples (`{ FIGURE: { CONTESTANT: samples of each round } }`) say about a row of a table; undefined where there are none.
 *
 * @returns `{ title, unit, ours, theirs, value, rounds, goal, met }`: the goal is about `value`, which is `ours` alone, or `theirs` in
 *   proportion to it or taken from it. `rounds` is the spread of that value over the rounds.
 */
export function evaluate({ title, unit, of, over, minus, take = 'median', atMost, atLeast }, samples) {
  const mine = seriesOf(samples, of);
  const others = over || minus ? seriesOf(samples, over ?? minus) : undefined;
  if (mine.flat().length === 0 || others?.flat().length === 0) return undefined;

  const ours = taken[take](mine.flat());
  const theirs = others && taken[take](others.flat());
  const combine = over ? (a, b) => a / b : (a, b) => a - b;
  const value = others ? combine(ours, theirs) : ours;
  const ofRounds = others ? paired(mine, others, combine) : mine.filter(({ length }) => length > 0).map(taken[take]);
  return { title, unit, ours, theirs, value, rounds: spread(ofRounds), ...judge(value, atMost, atLeast) };
}

/** The samples of each round, one list for each. */
export const seriesOf = (samples, [figure, contestant]) => samples[figure]?.[contestant] ?? [];

function judge(value, atMost, atLeast) {
  if (atMost !== undefined) return { goal: `≤ ${atMost}`, met: value <= atMost };
  return atLeast === undefined ? {} : { goal: `≥ ${atLeast}`, met: value >= atLeast };
}
