/**
 * Whether the whole text fits a pattern in which `*` stands for any text and `?` for any one character. Takes time of at
 * most both lengths multiplied: no pattern makes it explode, as a regular expression made from it could.
 */
export function globMatches(pattern: string, text: string): boolean {
  let at = 0;
  let inPattern = 0;
  let afterStar = -1;
  let resumeAt = 0;
  while (at < text.length) {
    const wanted = pattern[inPattern];
    if (wanted === '*') {
      afterStar = ++inPattern;
      resumeAt = at;
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[at])) {
      inPattern++;
      at++;
    } else if (afterStar >= 0) {
      inPattern = afterStar;
      at = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern++;
  return inPattern === pattern.length;
}
