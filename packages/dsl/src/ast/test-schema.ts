import type { JsonSchema } from '../yaml/schema.js';
import { map, named } from './shapes.js';

const ROW: JsonSchema = { type: 'object', minProperties: 1, 'x-expected': 'a map of columns' };

const ROWS: JsonSchema = {
  type: ['array', 'string'],
  minLength: 1,
  description: 'Rows, in order: maps of columns; or the path of a `.jsonl` or `.csv` file of them, relative to this file.',
  'x-expected': 'a list of rows, or the path of a file of them',
  items: ROW,
};

/** Rows, or only how many. */
function counted(description: string): JsonSchema {
  return { ...ROWS, type: ['array', 'string', 'integer'], minimum: 0, description, 'x-expected': 'a list of rows, or how many' };
}

const ASSERTIONS: Readonly<Record<string, JsonSchema>> = {
  expect: named('The end state by topic: exactly these rows in any order, only the columns that are named.', ROWS),
  history: named('Every emission by topic, in order; `$deleted: true` is a tombstone. In steps: since it was last asked for.', ROWS),
  state: named('What steps keep, by their names: rows, or how many.', counted('Rows, or how many.')),
  late: counted('The late records, or how many.'),
  errors: counted('The records that failed, with `$reason`, or how many.'),
};

const STEP: JsonSchema = {
  ...map('a step of a test', {
    send: named('Records by topic, in order.', ROWS),
    advance: {
      type: 'string',
      minLength: 1,
      description: 'A time, such as 12:05: sets all watermarks to it. A duration, such as 5m: so much of the wall clock passes.',
      'x-expected': 'a time such as 12:05, or a duration such as 5m',
    },
    ...ASSERTIONS,
  }),
  minProperties: 1,
  'x-expected': 'a step such as `advance: 12:05`',
};

/** The structure of one test. */
export const TEST: JsonSchema = map('a test', {
  given: named('Records by topic, in order.', ROWS),
  until: { type: 'string', minLength: 1, description: 'Sets all watermarks to this time after the records.' },
  ...ASSERTIONS,
  steps: {
    type: 'array',
    minItems: 1,
    description: 'send, advance and what is then expected in turn, instead of given, until and expect.',
    'x-expected': 'a list of steps',
    items: STEP,
  },
});
