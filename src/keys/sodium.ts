/**
 * libsodium, ready to use. Loaded when it is first needed: it costs about 35 ms, which a process that never makes
 * a pair does not pay.
 */
export async function loadSodium() {
  // The functions are on the default export only, and only once `ready` is settled, whatever the type definitions say.
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  return sodium;
}
