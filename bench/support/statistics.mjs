/** What is reported of samples. */

/** The middle value; of an even number of values, the mean of the two in the middle. */
export const median = (values) => quantile(values, 0.5);

/** The value at that share of the sorted values, between its two neighbours where there is none at the very place. */
export function quantile(values, share) {
  if (values.length === 0) throw new RangeError('There are no values.');
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place - Math.floor(place));
}

/** Median and quartiles. */
export const spread = (values) => ({
  median: median(values),
  low: quantile(values, 0.25),
  high: quantile(values, 0.75),
});

/**
 * For each round, the ratio of its medians, or what else `combine` makes of both: a slow minute of the machine is in both and drops out.
 * `ours` and `theirs` hold the samples of each round; a round that either lacks is left out.
 */
export function paired(ours, theirs, combine = (a, b) => a / b) {
  return ours.flatMap((samples, round) => {
    const others = theirs[round] ?? [];
    return samples.length === 0 || others.length === 0 ? [] : [combine(median(samples), median(others))];
  });
}
