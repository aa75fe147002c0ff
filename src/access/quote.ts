/** The text in quotation marks, for errors and refusals: control characters escaped, and cut after 64 characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
