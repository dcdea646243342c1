import type { Diagnostic, SourceText } from '../../diagnostics/diagnostic.js';
import type { YamlMap, YamlNode } from '../../yaml/node.js';
import type { Session } from '../session.js';
import { testMessages } from '../test-messages.js';
import { isRowFile, readRows } from './read-rows.js';

/** A file with so many errors is wrong as a whole: the others are not named. */
const MAX_ERRORS = 10;

/** Rows as maps, and the session that what is wrong with them goes to. */
export interface TestRows {
  readonly rows: readonly YamlMap[];
  readonly session: Session;
}

/** The rows that a test lists, or those of the file that it names. */
export function testRows(node: YamlNode, session: Session): TestRows {
  if (node.kind === 'seq') return { rows: node.items.filter((item) => item.kind === 'map'), session };
  const path = session.read.text(node)?.value;
  if (path === undefined || path === '') return { rows: [], session };
  if (!isRowFile(path)) {
    session.report(testMessages.testFileKind(node.span, path));
    return { rows: [], session };
  }
  const source = session.loadRows?.(path) ?? null;
  if (source === null) {
    session.report(testMessages.noTestFile(node.span, path));
    return { rows: [], session };
  }
  const its = { ...session, report: firstOf(source, session.report) };
  return { rows: readRows(source, its.report), session: its };
}

/** Of what is wrong in a file only the first, and each place once: a column's name stands once in a CSV. */
function firstOf(source: SourceText, report: Session['report']): Session['report'] {
  const places = new Set<number>();
  return (diagnostic: Diagnostic) => {
    if (diagnostic.span.source === source && (places.has(diagnostic.span.start) || places.size >= MAX_ERRORS)) return;
    places.add(diagnostic.span.start);
    report(diagnostic);
  };
}
