/**
 * Steps that undo what was done so far, run last first when it is disposed: the part of `AsyncDisposableStack`, which Node 20 and 22 do not
 * have, that is used here. A step that fails does not keep the others from running; the first failure is thrown at the end.
 */
export class Cleanup implements AsyncDisposable {
  #steps: (() => unknown)[] = [];

  /** Adds a step, which may return a promise. */
  defer(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Forgets all steps: what was done is to stay. */
  cancel(): void {
    this.#steps = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.splice(0).toReversed()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
