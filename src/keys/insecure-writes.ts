/** The variable by which a user says that modes mean nothing here, as on WSL and CIFS: that of `jupyter_core`. */
export const INSECURE_VARIABLE = 'JUPYTER_ALLOW_INSECURE_WRITES';

/** The end of a hint, where a mode was refused. */
export const INSECURE_HINT = `where files have no modes, ${INSECURE_VARIABLE}=1 uses them as they are.`;

/** Files that were warned about: a watched file is read again and again. */
const warned = new Set<string>();

/**
 * Whether the user has said by {@link INSECURE_VARIABLE} that files which other users can read or change are used all the same. The first time
 * that this is made use of for `file`, a warning of the process says so, with `problem`.
 */
export function isInsecureAllowed(file: string, problem: string): boolean {
  if (!/^(?:true|1)$/i.test(process.env[INSECURE_VARIABLE] ?? '')) return false;
  if (!warned.has(file)) {
    warned.add(file);
    process.emitWarning(`${file} ${problem}; it is used because ${INSECURE_VARIABLE} is set`, 'JupyterCurveWarning');
  }
  return true;
}
