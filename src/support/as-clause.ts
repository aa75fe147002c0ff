/** The sentence of an error as a part of another sentence: it begins with a small letter and has no full stop. */
export function asClause(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1).replace(/\.$/, '')}`;
}
