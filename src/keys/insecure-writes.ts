/** The variable of `jupyter_core` for file systems without modes, such as WSL and CIFS. */
export const INSECURE_VARIABLE = 'JUPYTER_ALLOW_INSECURE_WRITES';

/** The end of a hint, where a mode was refused. */
export const INSECURE_HINT = `where files have no modes, ${INSECURE_VARIABLE}=1 uses them as they are.`;

/** Files that were warned about: a watched file is read again and again. */
const warned = new Set<string>();

/**
 * Whether {@link INSECURE_VARIABLE} allows the use of files that other users can read or change. The first time for each `file`, it emits a
 * warning of the process with `problem`.
 */
export function isInsecureAllowed(file: string, problem: string): boolean {
  if (!/^(?:true|1)$/i.test(process.env[INSECURE_VARIABLE] ?? '')) return false;
  if (!warned.has(file)) {
    warned.add(file);
    process.emitWarning(`${file} ${problem}; it is used because ${INSECURE_VARIABLE} is set`, 'JupyterCurveWarning');
  }
  return true;
}
