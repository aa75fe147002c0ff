/** The name under which a script reaches the evaluator; it is global and not enumerable. */
export const RUNTIME = '__jupyterCell';
