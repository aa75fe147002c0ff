/**
 * The name that `word` is most likely a mistyping of; undefined when none is close. Close means one edit (a letter left out, added, replaced
 * or swapped with its neighbour), or two in a word of eight letters or more. Case, `-` and `_` do not count.
 */
export function closest(word: string, names: Iterable<string>): string | undefined {
  const typed = plain(word);
  let found: string | undefined;
  let least = typed.length < 3 ? 0 : typed.length < 8 ? 1 : 2;
  for (const name of names) {
    const distance = editDistance(typed, plain(name));
    if (distance > least || (distance === least && found !== undefined)) continue;
    [found, least] = [name, distance];
  }
  return found;
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '');

/** The optimal string alignment distance: Damerau–Levenshtein where no part is edited twice. */
function editDistance(a: string, b: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : Infinity;
      row.push(Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, replaced, swapped));
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
