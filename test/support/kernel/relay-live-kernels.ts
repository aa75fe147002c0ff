/** Has {@link startLiveKernel} of this test file put our kernel behind a relay: what holds for a kernel of our own holds for one behind it. */
export function relayLiveKernels(): void {
  process.env['JUPYTER_CURVE_TEST_RELAYED'] = 'typescript';
}
