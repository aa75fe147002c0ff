import type { Position } from './source-maps.js';

/** A syntax error and its place in the cell. */
export class CellSyntaxError extends SyntaxError {
  readonly position: Position;

  constructor(message: string, position: Position) {
    super(message);
    this.position = position;
  }
}
Object.defineProperty(CellSyntaxError.prototype, 'name', { value: 'SyntaxError' });
