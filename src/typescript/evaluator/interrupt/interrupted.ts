/** The error that an interrupted cell ends with; thrown at the await, or at the blocking question, that it stood at. */
export class Interrupted extends Error {
  constructor() {
    super('The cell was interrupted.');
    // The place where it was made is no use; `describeError` adds the one where the cell stood.
    this.stack = `Interrupted: ${this.message}`;
  }
}
Object.defineProperty(Interrupted.prototype, 'name', { value: 'Interrupted' });
