/** What holds for a kernel of our own holds for one behind the relay. */
process.env['JUPYTER_CURVE_TEST_RELAYED'] = 'typescript';
await import('../../hostile/floods.test.js');

export {};
