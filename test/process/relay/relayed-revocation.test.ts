import { testBehindRelay } from '../../support/kernel/behind-relay.js';

await testBehindRelay(() => import('../../process/server/revocation.test.js'));
