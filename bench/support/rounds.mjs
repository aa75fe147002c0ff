/**
 * Takes samples of all measurements in rounds. In a round every measurement has its turn, and in it every contestant, each time in another
 * order: what slows the machine for a while slows all of them.
 *
 * `limits` are `rounds`, and in a quick run `until`, a time of `performance.now()` from which on nothing more is begun.
 *
 * @returns `{ samples, broken }`: `samples[FIGURE][CONTESTANT]` is a list of samples for each round, and `broken` has an entry
 *   `{ name, message }` for a measurement that failed; the others go on without it.
 */
export async function takeRounds(measurements, bench, { rounds, until = Infinity }, onStep) {
  const samples = {};
  const broken = [];
  const open = [];
  const attempt = async (name, act) => {
    try {
      await act();
      return true;
    } catch (error) {
      broken.push({ name, message: error.message });
      onStep(`${name} failed: ${error.stack}`);
      return false;
    }
  };
  const timeLeft = () => performance.now() < until;

  try {
    // The last first: those that need time to get ready are at the end.
    for (const measurement of measurements.toReversed()) {
      if (!timeLeft()) break;
      onStep(`preparing ${measurement.name}`);
      await attempt(measurement.name, async () => {
        const { contestants, close } = await measurement.open(bench);
        open.unshift({
          measurement,
          contestants: Object.entries(contestants).filter(wantedIn(measurement, bench)),
          close,
        });
      });
    }
    for (let round = 0; round < rounds && timeLeft(); round += 1) {
      onStep(`round ${round + 1} of ${rounds}`);
      for (const { measurement, contestants } of open) {
        const { name, slow = false, turns = 1 } = measurement;
        const skipped = broken.some((one) => one.name === name) || (bench.quick && slow && round > 0);
        if (skipped || !timeLeft()) continue;
        await attempt(name, async () => {
          for (let turn = 0; turn < turns; turn += 1) {
            for (const [contestant, sample] of rotated(contestants, round * turns + turn)) {
              const found = await sample().catch((error) => {
                throw new Error(`${contestant}: ${error.message}`, { cause: error });
              });
              keep(samples, contestant, round, found);
            }
          }
        });
      }
    }
  } finally {
    for (const { measurement, close } of open) if (close) await attempt(measurement.name, close);
  }
  return { samples, broken };
}

/** Those without a part in a row are for pictures, which a quick run does not draw. */
function wantedIn({ rows }, { quick }) {
  const named = new Set(rows.flatMap(({ of, over, minus }) => [of, over, minus]).map((one) => one?.[1]));
  return ([contestant]) => !quick || named.has(contestant);
}

const rotated = (list, by) => list.map((_, index) => list[(index + by) % list.length]);

function keep(samples, contestant, round, found) {
  for (const [figure, values] of Object.entries(found)) {
    const series = ((samples[figure] ??= {})[contestant] ??= []);
    while (series.length <= round) series.push([]);
    // What this system does not tell is no number.
    series[round].push(...[values].flat().filter(Number.isFinite));
  }
}
