/** What a cell that was interrupted ends with; thrown at the await, or at the blocking question, that it stood at. */
export class Interrupted extends Error {
  constructor() {
    super('The cell was interrupted.');
    // Where it was made says nothing; where the cell stood is added by who describes it.
    this.stack = `Interrupted: ${this.message}`;
  }
}
Object.defineProperty(Interrupted.prototype, 'name', { value: 'Interrupted' });
