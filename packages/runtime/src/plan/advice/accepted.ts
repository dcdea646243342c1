import { lineText, positionAt, type Diagnostic } from '@rta/dsl';

/**
 * The reason that a comment `# accepts RTA4001: why` gives for accepting a piece of advice: on the line of its place, in the comments above
 * that, or in those that the file begins with; else null.
 */
export function acceptanceOf({ code, span }: Diagnostic): string | null {
  const { line } = positionAt(span.source, span.start);
  const text = (at: number): string => lineText(span.source, at);
  const lines = [line];
  for (let above = line - 1; above >= 1 && isComment(text(above)); above--) lines.push(above);
  for (let first = 1; first < line && isComment(text(first)); first++) lines.push(first);
  const pattern = new RegExp(`#.*\\baccepts ${code}: *(\\S.*)$`);
  for (const at of lines) {
    const reason = pattern.exec(text(at))?.[1].trim();
    if (reason !== undefined) return reason;
  }
  return null;
}

function isComment(line: string): boolean {
  return /^\s*#/.test(line);
}
