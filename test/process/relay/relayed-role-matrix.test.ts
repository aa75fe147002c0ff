import { relayLiveKernels } from '../../support/kernel/relay-live-kernels.js';

relayLiveKernels();
await import('../../process/server/role-matrix.test.js');
