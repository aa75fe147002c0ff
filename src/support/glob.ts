/** Says whether the whole of a text fits a pattern. */
export type Glob = (text: string) => boolean;

/**
 * A pattern in which `*` stands for any text, also none, and everything else for itself, in its case. The parts between the
 * stars are looked for from left to right, so no pattern and no text make it slow.
 */
export function compileGlob(pattern: string): Glob {
  const [head = '', ...parts] = pattern.split('*');
  const tail = parts.pop();
  if (tail === undefined) return (text) => text === pattern;
  return (text) => {
    const end = text.length - tail.length;
    if (end < head.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
    let at = head.length;
    for (const part of parts) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}
