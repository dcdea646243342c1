import type { Span } from '../diagnostics/diagnostic.js';
import { errorMessage, listing, quote } from '../diagnostics/message.js';
import { didYouMean } from '../expression/suggest.js';
import { showType } from '../types/lattice.js';
import type { Type } from '../types/type.js';

/** RTA34xx: the messages about tests in the file. */
export const testMessages = {
  emptyTest: errorMessage('RTA3401', 'A test that asserts nothing', (span: Span, name: string) => ({
    span,
    message: `the test ${quote(name)} asserts nothing`,
    help: 'add `expect` or `history`; an empty board is `expect: { topic: [] }`',
  })),
  unknownTestTopic: errorMessage(
    'RTA3402',
    'A topic that the pipeline does not read or write',
    (span: Span, name: string, known: readonly string[], reads: boolean) => ({
      span,
      message: `the pipeline ${reads ? 'reads' : 'writes'} no topic ${quote(name)}`,
      help: didYouMean(name, known) ?? `it ${reads ? 'reads' : 'writes'} ${listing(known, 'and')}`,
    }),
  ),
  badTestValue: errorMessage('RTA3403', 'A value that its column cannot hold', (span: Span, text: string, type: Type, help?: string) => ({
    span,
    message: `${quote(text)} is not ${article(showType(type))}`,
    help,
  })),
  unknownTestColumn: errorMessage(
    'RTA3404',
    'A column that the topic does not have',
    (span: Span, name: string, topic: string, columns: readonly string[]) => ({
      span,
      message: `${quote(topic)} has no column ${quote(name)}`,
      help: didYouMean(name, columns) ?? `it has ${listing(columns, 'and')}`,
    }),
  ),
  nullTestValue: errorMessage('RTA3405', 'A null for a column that has none', (span: Span, name: string, type: Type) => ({
    span,
    message: `${quote(name)} is ${showType(type)} and cannot be null`,
    help: type.kind === 'string' ? 'the text is written with quotes: `"null"`' : undefined,
  })),
  badTestTime: errorMessage('RTA3406', 'Not a time', (span: Span, text: string) => ({
    span,
    message: `${quote(text)} is not a time`,
    help: 'write `12:00:10` (of 2000-01-01 UTC), or `2026-07-01T12:00:10Z`',
  })),
  badTestMeta: errorMessage('RTA3407', 'A `$` word that a test does not know', (span: Span, name: string, known: readonly string[]) => ({
    span,
    message: `${quote(name)} means nothing here`,
    help: didYouMean(name, known) ?? (known.length > 0 ? `there is ${listing(known, 'and')}` : undefined),
  })),
  deletedKey: errorMessage('RTA3408', 'A tombstone without its key', (span: Span, key: readonly string[]) => ({
    span,
    message: `a tombstone needs its key: ${listing(key, 'and')}`,
  })),
  noTestFile: errorMessage('RTA3409', 'A file of rows that is not there', (span: Span, path: string) => ({
    span,
    message: `there is no file ${quote(path)}`,
    help: 'the path is relative to the pipeline file',
  })),
  testFileKind: errorMessage('RTA3410', 'A file of a kind that holds no rows', (span: Span, path: string) => ({
    span,
    message: `rows are not read from ${quote(path)}`,
    help: 'name a `.jsonl` file (a JSON object a line), or a `.csv` file with the columns in its first line',
  })),
  badTestLine: errorMessage('RTA3411', 'A line that is no row', (span: Span, message: string) => ({ span, message })),
};

function article(word: string): string {
  return /^[aeiou]/.test(word) ? `an ${word}` : `a ${word}`;
}
