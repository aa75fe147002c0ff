import { testBehindRelay } from '../../support/kernel/behind-relay.js';

await testBehindRelay(() => import('../../hostile/floods.test.js'));
