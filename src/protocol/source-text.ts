/** The text of content whose numbers JavaScript does not keep, such as 2^63, 1.0 and NaN: for readers that must write them again. */

/** By content object. A copy of it has none until {@link copySourceText} is called. */
const texts = new WeakMap<object, string>();

/** Remembers the text that `content` was read from. */
export function keepSourceText(content: object, text: string): void {
  texts.set(content, text);
}

/** Remembers the text of one object for a copy of it as well. */
export function copySourceText(from: object, to: object): void {
  const text = texts.get(from);
  if (text !== undefined) texts.set(to, text);
}

/**
 * The JSON text that the content of a kernel's message was read from, in which `NaN`, `Infinity` and `-Infinity` may stand as numbers;
 * undefined where all of its numbers are as JavaScript and Python write them, or the text is not known.
 */
export function sourceTextOf(content: object): string | undefined {
  return texts.get(content);
}
