import type { DiffLine } from './items.js';

/** Beyond this a file is not compared line by line. */
const MAX_LINES = 1500;
/** Lines shown before and after what changed. */
const CONTEXT = 1;

/** The lines that differ between two texts, with some around them; `…` stands for those between that do not. */
export function lineDiff(before: string, after: string): DiffLine[] {
  if (before === after) return [];
  const [left, right] = [before.split('\n'), after.split('\n')];
  if (left.length > MAX_LINES || right.length > MAX_LINES) return [{ sign: '~', text: `${left.length} lines → ${right.length} lines` }];
  return withContext(compared(left, right));
}

/** By their longest common subsequence. */
function compared(left: readonly string[], right: readonly string[]): DiffLine[] {
  const width = right.length + 1;
  const longest = new Uint16Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i--)
    for (let j = right.length - 1; j >= 0; j--)
      longest[i * width + j] =
        left[i] === right[j] ? longest[(i + 1) * width + j + 1] + 1 : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
  const lines: DiffLine[] = [];
  for (let i = 0, j = 0; i < left.length || j < right.length;) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      lines.push({ sign: ' ', text: left[i] });
      i++;
      j++;
    } else if (j >= right.length || (i < left.length && longest[(i + 1) * width + j] >= longest[i * width + j + 1]))
      lines.push({ sign: '-', text: left[i++] });
    else lines.push({ sign: '+', text: right[j++] });
  }
  return lines;
}

function withContext(lines: readonly DiffLine[]): DiffLine[] {
  const near = (at: number): boolean => lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ sign }) => sign !== ' ');
  const shown: DiffLine[] = [];
  for (const [at, line] of lines.entries())
    if (near(at)) shown.push(line);
    else if (shown.length > 0 && shown.at(-1)?.text !== '…') shown.push({ sign: ' ', text: '…' });
  if (shown.at(-1)?.text === '…') shown.pop();
  return shown;
}
