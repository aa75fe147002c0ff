/**
 * Positions in code. Jupyter counts Unicode code points (`cursor_pos` since protocol 5.2), JavaScript counts UTF-16 units:
 * they part at the first emoji. A lone surrogate is one of each, as in Python.
 */

/** The UTF-16 offset of a code point position; a position outside the code is moved to its nearest end. */
export function toUtf16Offset(code: string, codePointPos: number): number {
  let offset = 0;
  for (let passed = 0; passed + 1 <= codePointPos && offset < code.length; passed++) offset += widthAt(code, offset);
  return offset;
}

/** The code point position of a UTF-16 offset; inside a pair it is that of the pair, outside the code its nearest end. */
export function toCodePointOffset(code: string, utf16Offset: number): number {
  const end = Math.min(utf16Offset, code.length);
  let position = 0;
  for (let offset = widthAt(code, 0); offset <= end; offset += widthAt(code, offset)) position++;
  return position;
}

function widthAt(code: string, offset: number): 1 | 2 {
  return (code.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
}
