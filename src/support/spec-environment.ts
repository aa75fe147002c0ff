/** Has the C library (glibc) give blocks of this size back to the system; it would keep up to 64 MB. */
const ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: '4194304', MALLOC_TRIM_THRESHOLD_: '4194304' };

/**
 * What the kernelspecs of this package have as `env`, for their own process.
 *
 * Node 20 reads certificate authorities when it starts, which takes 36 ms; so they are kept from our process, which needs none, and passed on
 * under another name.
 */
export const SPEC_ENVIRONMENT: Readonly<Record<string, string>> = {
  NODE_EXTRA_CA_CERTS: '',
  JUPYTER_CURVE_EXTRA_CA_CERTS: '${NODE_EXTRA_CA_CERTS}',
  ...ALLOCATOR,
};

/**
 * The environment that the front end had, for the processes that a kernel starts: they decide about their memory themselves. Front ends leave
 * `${NAME}` as it is where NAME is not set.
 */
export function withoutSpecEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { JUPYTER_CURVE_EXTRA_CA_CERTS: carried, ...others } = env;
  const ours = new Map(Object.entries(ALLOCATOR));
  const kept = Object.entries(others).filter(([name, value]) => ours.get(name) !== value);
  const restored = Object.fromEntries(kept);
  if (env['NODE_EXTRA_CA_CERTS'] !== '') return restored;
  const isSet = carried !== undefined && carried !== '${NODE_EXTRA_CA_CERTS}' && carried !== '';
  return { ...restored, NODE_EXTRA_CA_CERTS: isSet ? carried : undefined };
}
