import { lookOn } from '../support/onlookers.mjs';
import { letIn, openExecutor, startShared } from '../support/owner.mjs';
import { processorTimeOf } from '../support/process-figures.mjs';
import { startProgram } from '../support/program.mjs';

const EACH = 10;
const FIGURE = 'processor time of 1 MB to 10 clients';
const [PUBLISHED, ENCRYPTED] = ['shown by a cell', 'ten signed and encrypted'];

/** A large output for ten clients, over ten sockets that sign and encrypt it and do nothing else. */
export const large = {
  name: 'large',
  rows: [
    {
      title: 'processor time of 1 MB to 10 clients / ten encryptions',
      unit: 'ms',
      of: [FIGURE, PUBLISHED],
      over: [FIGURE, ENCRYPTED],
      atMost: 1.3,
    },
  ],
  async open(bench) {
    const { kernel, access, close } = await startShared(bench.env);
    // With the owner, ten clients.
    const granted = await letIn(access, 9);
    await access.close();
    const publisher = startProgram(bench, 'separate-encryptions.mjs');
    const watching = {
      [PUBLISHED]: await lookOn(bench, granted),
      [ENCRYPTED]: await lookOn(bench, JSON.parse(await publisher.next())),
    };
    const owner = await openExecutor(kernel.connection);
    await owner.trip("const large = 'x'.repeat(1 << 20); 0");
    const show = () => owner.trip('display({ "text/plain": large }, { raw: true })');
    const encrypt = async () => {
      publisher.say('1');
      await publisher.next();
    };
    const contestant = (name, pid, send) => {
      let seen = 0;
      return async () => {
        const before = await processorTimeOf(pid);
        for (let index = 0; index < EACH; index += 1) {
          await send();
          await watching[name].heard((seen += 1));
        }
        return { [FIGURE]: ((await processorTimeOf(pid)) - before) / EACH };
      };
    };
    const contestants = {
      [PUBLISHED]: contestant(PUBLISHED, kernel.pid, show),
      [ENCRYPTED]: contestant(ENCRYPTED, publisher.pid, encrypt),
    };
    for (const sample of Object.values(contestants)) await sample();
    return {
      contestants,
      async close() {
        await owner.close();
        for (const one of Object.values(watching)) await one.end();
        await publisher.end();
        await close();
      },
    };
  },
};
