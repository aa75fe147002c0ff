import { relayLiveKernels } from '../../support/kernel/relay-live-kernels.js';

relayLiveKernels();
await import('../../hostile/floods.test.js');
