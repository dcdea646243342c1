/**
 * The candidate that was probably meant by `word`, or null if none is near: equal without case and underscores, else the one at the least
 * edit distance (with swapped neighbours as one edit), at most a third of the word's length. Of equally near ones the first wins.
 */
export function closest(word: string, candidates: Iterable<string>): string | null {
  const plain = fold(word);
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(plain.length / 3)) + 1;
  for (const candidate of candidates) {
    if (candidate === word) continue;
    const other = fold(candidate);
    if (other === plain) return candidate;
    if (plain.length < 2 || Math.abs(other.length - plain.length) >= bestDistance) continue;
    const distance = editDistance(plain, other);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `, did you mean x?` style helper text, or undefined where nothing is near. */
export function didYouMean(
  word: string,
  candidates: Iterable<string>,
  quote: (name: string) => string = (name) => `\`${name}\``,
): string | undefined {
  const found = closest(word, candidates);
  return found === null ? undefined : `did you mean ${quote(found)}?`;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[_\-\s]/g, '');
}

/** Optimal string alignment distance (Damerau-Levenshtein without repeated edits of one substring). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2] + 1);
      current.push(least);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length];
}
