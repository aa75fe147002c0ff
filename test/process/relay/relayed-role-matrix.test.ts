import { testBehindRelay } from '../../support/kernel/behind-relay.js';

await testBehindRelay(() => import('../../process/server/role-matrix.test.js'));
