import { openExecutor, startShared } from '../support/owner.mjs';

/** Letting a client in, and out again while it is connected. */
export const grants = {
  name: 'grants',
  rows: [
    { title: 'granting access', unit: 'ms', of: ['grant', 'ours'], atMost: 20 },
    { title: 'revoking a grant in use', unit: 'ms', of: ['revocation', 'ours'], atMost: 20 },
  ],
  async open({ env }) {
    const { access, close } = await startShared(env);
    const inAndOut = async () => {
      let begin = performance.now();
      const { connection } = await access.grant({ name: 'ada', roles: ['executor'] });
      const grant = performance.now() - begin;
      const client = await openExecutor(connection);
      await client.trip();
      begin = performance.now();
      await access.revoke({ name: 'ada' });
      const revocation = performance.now() - begin;
      await client.close();
      return { grant, revocation };
    };
    for (let turn = 0; turn < 5; turn += 1) await inAndOut();
    return { contestants: { ours: inAndOut }, close };
  },
};
