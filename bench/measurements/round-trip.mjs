/** One cell after the other, on warm kernels. */
export const roundTrip = {
  name: 'trip',
  turns: 3,
  rows: [
    { title: '`1+1`, warm, ours / Deno', unit: 'ms', of: ['trip', 'ours'], over: ['trip', 'Deno'], atMost: 1 },
    {
      title: '`1+1`, ours / ipykernel, both under CURVE',
      unit: 'ms',
      of: ['trip', 'ours'],
      over: ['trip', 'ipykernel'],
      atMost: 0.3,
    },
    {
      title: '`1+1`, ours, CURVE / plain text',
      unit: 'ms',
      of: ['trip', 'ours'],
      over: ['trip', 'ours, plain text'],
      atMost: 1.1,
    },
  ],
  open: ({ kernels }) => onWarm(kernels, ['ours', 'ours, plain text', 'Deno', 'ipykernel'], blockOfTrips),
};

/**
 * tslab, for the picture. A new one each time: with the zeromq that it installs today, its iopub carries 512 messages and then loses some.
 */
export const tslabTrip = {
  name: 'tslab',
  rows: [],
  open: ({ kernels }) => ({
    contestants: {
      async tslab() {
        const kernel = await kernels.start('tslab');
        await kernel.ask('trips', { count: 50 });
        const found = await blockOfTrips(kernel);
        await kernel.stop();
        return found;
      },
    },
  }),
};

async function blockOfTrips(kernel) {
  // The other measurements came in between.
  await kernel.ask('trips', { count: 5 });
  return { trip: await kernel.ask('trips', { count: 10 }) };
}

/** As people type: a pause before each cell. */
export const rested = {
  name: 'rest',
  turns: 2,
  rows: [
    {
      title: '`1+1` after 200 ms of rest, ours / Deno',
      unit: 'ms',
      of: ['rested trip', 'ours'],
      over: ['rested trip', 'Deno'],
      atMost: 1.1,
    },
  ],
  open: ({ kernels }) =>
    onWarm(kernels, ['ours', 'Deno'], async (kernel) => ({
      'rested trip': await kernel.ask('trips', { count: 4, rest: 200 }),
    })),
};

/** As a whole notebook is run. */
export const queue = {
  name: 'queue',
  turns: 2,
  rows: [
    {
      title: '200 queued cells, ours / Deno',
      unit: 'cells/s',
      of: ['queue', 'ours'],
      over: ['queue', 'Deno'],
      atLeast: 1.4,
    },
  ],
  open: ({ kernels }) =>
    onWarm(kernels, ['ours', 'Deno', 'ipykernel'], async (kernel) => ({
      queue: await kernel.ask('queue', { count: 200 }),
    })),
};

function onWarm(kernels, kinds, sample) {
  return {
    contestants: Object.fromEntries(kinds.map((kind) => [kind, async () => sample(await kernels.warm(kind))])),
  };
}
