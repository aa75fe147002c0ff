import { attach } from 'jupyter-curve';

const COUNT = 50;

/** Our client and jupyter_client, on one encrypted ipykernel. */
export const client = {
  name: 'client',
  rows: [
    {
      title: '`1+1` on ipykernel, our client / jupyter_client',
      unit: 'ms',
      of: ['client', 'our client'],
      over: ['client', 'jupyter_client'],
      atMost: 1,
    },
  ],
  async open({ kernels }) {
    const kernel = await kernels.warm('ipykernel');
    const attached = await attach(kernel.file);
    const trips = async () => {
      const times = [];
      for (let turn = 0; turn < COUNT; turn += 1) {
        const begin = performance.now();
        await attached.connection.requestExecute({ code: '1+1' }).done;
        times.push(performance.now() - begin);
      }
      return { client: times };
    };
    await trips();
    return {
      contestants: {
        'our client': trips,
        jupyter_client: async () => ({ client: await kernel.ask('trips', { count: COUNT }) }),
      },
      close: () => attached.close(),
    };
  },
};
