import { lineText, positionAt, type Diagnostic } from '@rta/dsl';

/** The reason that a comment gives for accepting a piece of advice, on the line of its place or in the comments above that; else null. */
export function acceptanceOf({ code, span }: Diagnostic): string | null {
  const { line } = positionAt(span.source, span.start);
  const reasonIn = (at: number): string | null =>
    new RegExp(`#.*\\baccepts ${code}: *(\\S.*)$`).exec(lineText(span.source, at))?.[1].trim() ?? null;
  const own = reasonIn(line);
  if (own !== null) return own;
  for (let above = line - 1; above >= 1 && /^\s*#/.test(lineText(span.source, above)); above--) {
    const reason = reasonIn(above);
    if (reason !== null) return reason;
  }
  return null;
}
