/** Defines the tests of a suite once more, with its kernels behind the relay: what holds for a kernel of our own holds for one behind it. */
export async function testBehindRelay(suite: () => Promise<unknown>): Promise<void> {
  process.env['JUPYTER_CURVE_TEST_RELAYED'] = 'typescript';
  await suite();
}
