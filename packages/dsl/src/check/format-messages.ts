import type { Span } from '../diagnostics/diagnostic.js';
import { errorMessage, listing, quote } from '../diagnostics/message.js';
import type { KeyFormat, ValueFormat } from '../plan/formats.js';
import { TYPE_WORDS } from '../types/parse-type.js';
import { didYouMean } from '../expression/suggest.js';
import { showType } from '../types/lattice.js';
import type { Type } from '../types/type.js';

/** RTA36xx: the messages about formats. */
export const formatMessages = {
  csvColumn: errorMessage('RTA3609', 'A column that a CSV row cannot hold', (span: Span, name: string, what: string) => ({
    span,
    message: `a CSV row holds single values, and ${quote(name)} is ${what}`,
    help: 'use `json` or `avro`, or leave the column out',
  })),
  textColumns: errorMessage('RTA3610', 'A text of several columns', (span: Span, names: readonly string[]) => ({
    span,
    message:
      names.length === 0
        ? 'a value in the format `string` is one column beside the key, and there is none'
        : `a value in the format \`string\` is one column beside the key, and there are ${listing(names.map(quote), 'and')}`,
    help: 'make one of them with `select` before, or use `csv`, `json` or `avro`',
  })),
  textNull: errorMessage('RTA3603', 'A text that may be null', (span: Span, name: string) => ({
    span,
    message: `${quote(name)} may be null, and a value in the format \`string\` is a text`,
    help: `give it a value before: \`${name} ?? …\`, or leave such rows out: \`- filter: ${name} != null\``,
  })),
  textSchema: errorMessage('RTA3604', 'A schema for records that are texts', (span: Span) => ({
    span,
    message: 'records in the format `string` have no `schema`: they are one column, `value`',
    help: 'leave `schema` out; for rows of several columns use `format: csv`',
  })),
  keyColumns: errorMessage('RTA3605', 'A key format that holds one column', (span: Span, format: KeyFormat, names: readonly string[]) => ({
    span,
    message: `a key in the format ${quote(format)} is one column, and ${names.length === 0 ? 'there is none' : `these are ${listing(names.map(quote), 'and')}`}`,
    help: 'use `{ key: avro }` or `{ key: json }`',
  })),
  keyType: errorMessage(
    'RTA3606',
    'A key of a type that its format does not hold',
    (span: Span, name: string, type: Type, format: KeyFormat) => ({
      span,
      message: `the key ${quote(name)} is ${showType(type)}, and the key format ${quote(format)} is for ${format === 'int' ? 'ints' : format === 'long' ? 'longs and timestamps of milliseconds' : 'single values'}`,
      help: format === 'int' || format === 'long' ? 'use `{ key: string }` or `{ key: avro }`' : 'use `{ key: avro }`',
    }),
  ),
  badType: errorMessage('RTA3608', 'A type that there is not', (span: Span, text: string) => ({
    span,
    message: `${quote(text)} is no type`,
    help: didYouMean(text, TYPE_WORDS) ?? `a type is one of ${listing(TYPE_WORDS, 'or', 20)}`,
  })),
  noWriterSchema: errorMessage('RTA3611', 'A schema change of records that bring no schema', (span: Span, format: ValueFormat) => ({
    span,
    message: `records in the format ${quote(format)} bring no schema of their own that could change`,
    help: 'leave `onIncompatibleSchemaChange` out: what cannot be read goes where `errors:` says',
  })),
  keyNone: errorMessage('RTA3607', 'A table whose records have no key', (span: Span) => ({
    span,
    message: 'the topic of a table has keys: its rows are upserted by them',
    help: 'leave `key: none` out',
  })),
};
