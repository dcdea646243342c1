import type { Span } from '../diagnostics/diagnostic.js';
import { errorMessage, listing, quote } from '../diagnostics/message.js';
import { didYouMean } from '../expression/suggest.js';
import { showType } from '../types/lattice.js';
import type { Type } from '../types/type.js';
import type { UnionType } from '../types/union.js';

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
  oneBranch: errorMessage('RTA3421', 'A union with no branch or several', (span: Span, name: string, { fields }: UnionType) => ({
    span,
    message: `${quote(name)} is a union, so a value names one of its branches`,
    help: `write \`{ ${fields[0].name}: … }\`; there are ${listing(
      fields.map((field) => quote(field.name)),
      'and',
    )}`,
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
  besideSteps: errorMessage('RTA3412', 'A test of two forms', (span: Span, key: string) => ({
    span,
    message: `a test with \`steps\` has no ${quote(key)} beside them`,
    help: 'put it among the steps: `send`, `advance`, `expect`, …',
  })),
  twoTestSteps: errorMessage('RTA3413', 'Two things in one step of a test', (span: Span, first: string, second: string) => ({
    span,
    message: `one step does one thing, and here are ${quote(first)} and ${quote(second)}`,
    help: `a dash is missing: \`- ${second}: …\``,
  })),
  badAdvance: errorMessage('RTA3414', 'Neither a time nor a duration', (span: Span, text: string) => ({
    span,
    message: `${quote(text)} is neither a time nor a duration`,
    help: '`12:05` moves the watermarks to that time, `5m` lets so much of the clock pass',
  })),
  nothingByClock: errorMessage('RTA3415', 'A clock that nothing goes by', (span: Span, text: string) => ({
    span,
    message: `a duration lets the clock pass, and nothing in this pipeline goes by the clock: no \`idle\`, no \`emit: { every: … }\``,
    help: `windows close and rows expire by event time: move the watermarks to a time, as in \`advance: 12:05\`, instead of ${quote(text)}`,
  })),
  advanceBack: errorMessage('RTA3416', 'A time that goes back', (span: Span, text: string) => ({
    span,
    message: `${quote(text)} is before the time that the test has come to`,
  })),
  errorsFail: errorMessage('RTA3417', 'Failed records of a pipeline that stops at them', (span: Span) => ({
    span,
    message: 'this pipeline stops at the first record that fails, so there are none to look at',
    help: 'say `errors: skip` or `errors: { topic: … }` in the pipeline',
  })),
  unknownStep: errorMessage('RTA3418', 'A step that keeps no state', (span: Span, name: string, known: readonly string[]) => ({
    span,
    message: `no step ${quote(name)} keeps state`,
    help: didYouMean(name, known) ?? (known.length > 0 ? `there is ${listing(known.map(quote), 'and')}` : 'no step of this pipeline does'),
  })),
  whichStep: errorMessage('RTA3419', 'A verb that several steps have', (span: Span, verb: string, known: readonly string[]) => ({
    span,
    message: `several steps are ${quote(verb)}`,
    help: `say which: ${listing(known.map(quote))}; \`name:\` gives a step a name`,
  })),
  onlyCounted: errorMessage('RTA3420', 'State that is only counted', (span: Span, name: string) => ({
    span,
    message: 'rows are shown of the state of aggregates and of `dedupe` only',
    help: `say how many entries there are: \`${name}: 2\``,
  })),
};

function article(word: string): string {
  return /^[aeiou]/.test(word) ? `an ${word}` : `a ${word}`;
}
