import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openExecutor, startShared } from '../support/owner.mjs';

const POLICY = `
roles:
  colleague: { send: ['shell.*', stdin.input_reply, 'control.interrupt_request own'], see: ['iopub.*'], comms: ['*'], groups: [team] }
private: [team, salaries]
`;
const FIGURE = 'trip of a client that was let in';
const [ALONE, GOVERNED] = ['owner alone', 'policy, groups, audit'];

/** A cell of a client under a policy, over one of an owner without. */
export const governed = {
  name: 'governed',
  rows: [
    {
      title: 'round trip, with policy, groups and audit / without',
      unit: 'ms',
      of: [FIGURE, GOVERNED],
      over: [FIGURE, ALONE],
      atMost: 1.03,
    },
  ],
  async open({ env }) {
    const data = join(env.JUPYTER_DATA_DIR, 'shared');
    await mkdir(data, { recursive: true, mode: 0o700 });
    await writeFile(join(data, 'access_policy.yaml'), POLICY, { mode: 0o600 });
    const plain = await startShared(env);
    const ruled = await startShared({ ...env, JUPYTER_DATA_DIR: data });
    const { connection } = await ruled.access.grant({ name: 'ada', roles: ['colleague'] });
    await ruled.access.setTopic('boardroom', 'private');
    // Neither has another client that listens.
    await plain.access.close();
    await ruled.access.close();
    const clients = {
      [ALONE]: await openExecutor(plain.kernel.connection),
      [GOVERNED]: await openExecutor(connection),
    };
    const contestants = {};
    for (const [name, client] of Object.entries(clients)) {
      const trips = async (count) => {
        const times = [];
        for (let turn = 0; turn < count; turn += 1) times.push((await client.trip()).done);
        return times;
      };
      await trips(100);
      contestants[name] = async () => ({ [FIGURE]: (await trips(50)).slice(10) });
    }
    return {
      contestants,
      async close() {
        for (const one of [...Object.values(clients), plain, ruled]) await one.close();
      },
    };
  },
};
