/** How deep a file may nest. */
export const MAX_DEPTH = 64;

/**
 * A cheap estimate of how deep a YAML text nests, and the offset where it first nests deeper than `limit`; null when it stays within. The
 * `yaml` library is recursive and, far enough down, takes the whole process with it, so this runs before it. Brackets in texts and comments
 * are counted too: only closed ones cancel, which real files have.
 */
export function tooDeepAt(text: string, limit = 2 * MAX_DEPTH): number | null {
  const indents: number[] = [];
  let brackets = 0;
  let lineStart = 0;
  while (lineStart < text.length) {
    const newline = text.indexOf('\n', lineStart);
    const lineEnd = newline === -1 ? text.length : newline;
    let at = lineStart;
    while (at < lineEnd && text[at] === ' ') at++;
    const indent = at - lineStart;
    if (at < lineEnd && brackets === 0) {
      while (indents.length > 0 && indents[indents.length - 1] >= indent) indents.pop();
      indents.push(indent);
    }
    let marks = 0;
    for (; at < lineEnd; at++) {
      const character = text[at];
      if (character === '[' || character === '{') brackets++;
      else if ((character === ']' || character === '}') && brackets > 0) brackets--;
      else if (brackets === 0 && (character === '-' || character === '?' || character === ':') && isGap(text[at + 1])) marks++;
      if (indents.length + brackets + marks > limit) return at;
    }
    lineStart = lineEnd + 1;
  }
  return null;
}

function isGap(character: string | undefined): boolean {
  return character === undefined || character === ' ' || character === '\n' || character === '\t' || character === '\r';
}
