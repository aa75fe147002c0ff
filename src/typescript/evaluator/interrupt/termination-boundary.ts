/** The boundary of a termination: it ends the code inside, and not the evaluator's or Node's own frames below. */
import { Session } from 'node:inspector';
import type { Builtins } from '../builtins.js';
import { RUNTIME } from '../compile/runtime-name.js';

/** The boundary of the main thread. */
export interface TerminationBoundary {
  /** Runs `action` inside the boundary. Returns whether it ran to its end. */
  run(action: () => void): boolean;
  /** The `run` of {@link RUNTIME}, by which V8 enters the action. */
  readonly enter: () => void;
}

/** A boundary. It opens an inspector session on its own thread: V8 stops a termination at the end of `Runtime.evaluate`. */
export function createTerminationBoundary(builtins: Builtins): TerminationBoundary {
  const session = new Session();
  session.connect();
  let enter: (() => void) | undefined;
  return {
    enter: () => enter?.(),
    run(action) {
      let ended = false;
      enter = () => {
        action();
        ended = true;
      };
      builtins.restore();
      session.post('Runtime.evaluate', { expression: `${RUNTIME}.run()`, silent: true });
      builtins.giveBack();
      return ended;
    },
  };
}
