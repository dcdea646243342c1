import { KEY_FORMATS, VALUE_FORMATS } from '../plan/formats.js';
import { SCHEMA_CHANGE_POLICIES } from '../plan/schema-change.js';
import type { JsonSchema } from '../yaml/schema.js';

/** Shared pieces of the JSON Schemas: of the pipeline file, of `rta.yaml`, and of the operators. */

const DURATION_PATTERN = '^((\\d+)(d|h|ms|m|s))+$';

/** A setting that is a text, such as a topic. */
export function text(description: string): JsonSchema {
  return { type: 'string', minLength: 1, description };
}

/** A text with a form; `expected` says it in words. */
export function textLike(pattern: string, expected: string, description: string): JsonSchema {
  return { type: 'string', minLength: 1, pattern, description, 'x-expected': expected };
}

/** One of a few words. */
export function word(words: readonly string[], description: string): JsonSchema {
  return { type: 'string', enum: words, description };
}

/** A whole number within limits. */
export function whole(minimum: number, maximum: number, description: string): JsonSchema {
  return { type: 'integer', minimum, maximum, description, 'x-expected': `a whole number from ${minimum} to ${maximum}` };
}

/** A map with these keys and no others. */
export function map(title: string, properties: Readonly<Record<string, JsonSchema>>, required: readonly string[] = []): JsonSchema {
  return { type: 'object', title, properties, additionalProperties: false, ...(required.length > 0 ? { required } : {}) };
}

/** A map from names to values of one shape. */
export function named(description: string, value: JsonSchema): JsonSchema {
  return { type: 'object', description, minProperties: 1, additionalProperties: value, 'x-expected': 'a map of names' };
}

/** A text, or a map of settings of which `required` is that text. */
export function shortOr(
  title: string,
  expected: string,
  description: string,
  settings: Readonly<Record<string, JsonSchema>>,
  required: string,
): JsonSchema {
  return { ...map(title, settings, [required]), type: ['string', 'object'], description, 'x-expected': expected };
}

/** An expression of the language. */
export function expression(description: string): JsonSchema {
  // The type is loose because the expression reader has better words for a map or a list.
  return {
    type: ['string', 'number', 'boolean', 'object', 'array'],
    minLength: 1,
    description,
    'x-expected': 'an expression',
    'x-reads': 'expression',
  };
}

/** `5m`, `1h30m`, `500ms`, `7d`. Not matched by pattern here, since the reader of durations has better words. */
export function duration(description: string): JsonSchema {
  return { type: 'string', minLength: 1, description, 'x-expected': 'a duration such as 5m', 'x-editor': { pattern: DURATION_PATTERN } };
}

/** COLS: `name | path | {new: EXPR}` or a list of these. */
export function columns(description: string): JsonSchema {
  const one = { minLength: 1, minProperties: 1, 'x-expected': 'a column, a path or `{ new: expression }`' };
  return {
    type: ['string', 'object', 'array'],
    description,
    ...one,
    'x-reads': 'columns',
    'x-expected': 'a column, a path, `{ new: expression }`, or a list of these',
    minItems: 1,
    items: { type: ['string', 'object'], ...one },
  };
}

/** ORDER: `EXPR [desc] [nulls first]` or a list of these. */
export function order(description: string): JsonSchema {
  return {
    type: ['string', 'array'],
    description,
    minLength: 1,
    minItems: 1,
    'x-reads': 'order',
    'x-expected': 'an expression, followed by `desc` or `nulls first` where wanted, or a list of these',
    items: {
      type: 'string',
      minLength: 1,
      'x-reads': 'order',
      'x-expected': 'an expression, followed by `desc` or `nulls first` where wanted',
    },
  };
}

/** How records are encoded: a word for the values, or one each for keys and values. */
const FORMAT: JsonSchema = {
  type: ['string', 'object'],
  pattern: `^(${VALUE_FORMATS.join('|')})$`,
  'x-expected': `one of ${VALUE_FORMATS.join(', ')}, or \`{ key, value }\``,
  description: 'How records are encoded: avro (default), json, csv, string; or a format each for key and value.',
  properties: { key: word(KEY_FORMATS, 'How keys are encoded.'), value: word(VALUE_FORMATS, 'How values are encoded.') },
  additionalProperties: false,
  title: '`format`',
};

/** What a topic is called: Kafka's own rule. */
export const TOPIC_NAME: JsonSchema = textLike(
  '^[A-Za-z0-9._-]{1,249}$',
  'a topic name: letters, digits, `.`, `_` and `-`',
  'The Kafka topic.',
);

/** One source. */
export const SOURCE: JsonSchema = map(
  'a source',
  {
    topic: TOPIC_NAME,
    kind: word(['stream', 'table'], 'A stream of events (default), or a table: upserts by key.'),
    key: {
      type: ['string', 'array', 'object'],
      minLength: 1,
      minItems: 1,
      minProperties: 1,
      items: { type: 'string', minLength: 1, 'x-expected': 'a column' },
      additionalProperties: { type: 'string', minLength: 1, 'x-expected': 'a type such as `string` or `long`' },
      description:
        'The columns that equal the record key, so that grouping by them needs no repartition; or new ones that it adds, with their types.',
      'x-expected': 'a column, a list of columns, or `{ new_column: type }`',
    },
    schema: text('The schema of the values: `user_score` is `schemas/user_score.avsc`.'),
    format: FORMAT,
    time: expression(
      'Where the event time comes from: a timestamp column, or a long of milliseconds; `$time` is the record timestamp, `$now` the clock.',
    ),
    lateness: duration('How far out of order events may be. Default 0.'),
    idle: duration('After so long without a record a partition stops holding the watermark. Default never.'),
    start: word(['earliest', 'latest'], 'Where a new pipeline begins to read. Default earliest.'),
    maxAhead: duration(
      "How far an event may be ahead of the broker's append time, or else of the partition's greatest event time so far; records beyond are bad.",
    ),
    maxDrift: duration(
      'How far a partition may be ahead of the slowest of all source partitions in event time; it then waits. Those read to their end do not count.',
    ),
    onIncompatibleSchemaChange: word(
      SCHEMA_CHANGE_POLICIES,
      'What becomes of the pipeline when records come with a schema that the one it reads with does not resolve: it ends (stop, default), goes on with the newest registered schema (rebuild), or what cannot be read goes where `errors` says.',
    ),
  },
  ['topic'],
);

/** The name of a table that rows are written to. */
const STORE_TABLE: JsonSchema = textLike('^[A-Za-z_][A-Za-z0-9_]{0,62}$', 'a name of letters, digits and `_`', 'The table.');

/** One sink. */
export const SINK: JsonSchema = map('a sink', {
  from: text('The stream that it writes; default the last.'),
  topic: TOPIC_NAME,
  table: { ...STORE_TABLE, description: 'A table of the embedded OLAP store (DuckDB), which rows are written to as they change.' },
  clickhouse: {
    ...shortOr(
      '`clickhouse`',
      'the name of a table, or `{ table, url, database, user, password }`',
      'A table of ClickHouse, which is made where it is not there. Default: at ${CLICKHOUSE_URL}, else http://localhost:8123.',
      {
        table: STORE_TABLE,
        url: text('Of its HTTP interface; default ${CLICKHOUSE_URL:-http://localhost:8123}.'),
        database: text('Which is there; default ${CLICKHOUSE_DATABASE:-default}.'),
        user: text('Default ${CLICKHOUSE_USER:-default}.'),
        password: text('Default ${CLICKHOUSE_PASSWORD:-}.'),
      },
      'table',
    ),
    minLength: 1,
    pattern: STORE_TABLE.pattern,
  },
  parquet: {
    ...shortOr(
      '`parquet`',
      'a directory, or `{ path, every, rows, size }`',
      'A directory of Parquet files by date of event time: date=2026-01-31/….parquet.',
      {
        path: text('The directory, relative to where rta runs.'),
        every: duration('How long a row waits for others before a file is written. Default 5m.'),
        rows: whole(1, 100_000_000, 'So many rows are written without waiting. Default 1000000.'),
        size: textLike(
          '^[1-9][0-9]{0,5}(kB|MB|GB)$',
          'a size such as 128MB',
          'So much is written without waiting, before compression. Default 128MB.',
        ),
      },
      'path',
    ),
    minLength: 1,
  },
  webhook: {
    ...shortOr(
      '`webhook`',
      'a URL, or `{ url, headers, batch, timeout }`',
      'A URL that rows are posted to, as they change, as arrays of JSON.',
      {
        url: text('Where to: `${ORDERS_URL}`.'),
        headers: named('Sent with each request, by name: `{ authorization: "Bearer ${TOKEN}" }`.', text('The value of a header.')),
        batch: whole(1, 10_000, 'Rows of one request, at most. Default 100.'),
        timeout: duration('How long a request may take; then it is tried again. Default 10s.'),
      },
      'url',
    ),
    minLength: 1,
  },
  key: {
    type: ['string', 'array'],
    minLength: 1,
    minItems: 1,
    items: { type: 'string', minLength: 1 },
    description: 'The key columns of a stream.',
  },
  format: FORMAT,
  partitionBy: text('How rows are partitioned in the store.'),
  ttl: duration('How long the store keeps a row after its event time. Default: for good.'),
  rollups: named(
    'Tables beside a `table`, by their names: what its rows come to, hour by hour, kept up to date as rows come, change and leave.',
    map(
      'a rollup',
      {
        every: duration('The span of event time of one row: 1h. Multiples since 1970-01-01 in UTC.'),
        groupBy: columns('The columns that rows are grouped by. Default: one row for each span.'),
        aggregate: {
          type: 'object',
          minProperties: 1,
          additionalProperties: expression('An aggregate expression.'),
          description: 'New columns and their aggregate expressions.',
          'x-expected': 'a map from new columns to aggregates such as `total: sum(score)`',
        },
        ttl: duration('How long a row stays after the end of its span. Default: for good.'),
      },
      ['every', 'aggregate'],
    ),
  ),
});

/** The settings of a topic. */
export const TOPIC: JsonSchema = map('a topic', {
  partitions: whole(1, 100_000, 'How many partitions it has.'),
  replication: whole(1, 100, 'How many brokers hold a copy.'),
  retention: duration('How long records are kept.'),
  compression: word(['none', 'gzip', 'snappy', 'lz4', 'zstd'], 'How record batches are compressed.'),
  cleanup: {
    type: ['string', 'array'],
    pattern: '^(compact|delete)$',
    minItems: 1,
    uniqueItems: true,
    items: word(['compact', 'delete'], 'compact or delete.'),
    'x-expected': 'compact, delete or [compact, delete]',
    description: 'What happens to old records.',
  },
});

/** `standby`. */
export const STANDBY = whole(
  0,
  3,
  "How many other workers keep a copy of each task's state, so that one that takes over replays little. Default 0.",
);

/** `late:` and `errors:`: a word or a topic. */
export function policy(words: readonly string[], description: string): JsonSchema {
  return {
    type: ['string', 'object'],
    pattern: `^(${words.join('|')})$`,
    'x-expected': `${words.join(', ')} or \`{ topic: name }\``,
    properties: { topic: TOPIC_NAME },
    required: ['topic'],
    additionalProperties: false,
    description,
  };
}

/** WINDOW. */
export const WINDOW: JsonSchema = {
  ...map('`window`', {
    tumbling: duration('Windows of this size, one after the other.'),
    hopping: duration('Windows of this size that begin `every` so often.'),
    sliding: duration('The time before each event.'),
    session: duration('The gap that ends a session.'),
    cumulate: duration('Windows that grow from the same start.'),
    every: duration('How often a hopping window begins; by how much a cumulate window grows.'),
    grace: duration('How long past the watermark a window stays open. Default 0.'),
    late: policy(['drop'], 'What happens to records that are late for this window.'),
    zone: text('The time zone whose days windows go by; default UTC.'),
  }),
  minProperties: 1,
  description: 'The windows that rows are grouped into, by event time.',
  'x-expected': 'a map such as `{ tumbling: 1m }`',
};

/** `emit`. */
export const EMIT: JsonSchema = {
  type: ['string', 'object'],
  pattern: '^(updates|final)$',
  properties: { every: duration('How often results are written.') },
  required: ['every'],
  additionalProperties: false,
  'x-expected': 'updates, final or `{ every: 10s }`',
  description: 'When results are written: at each commit (updates, default), once when a window has closed (final), or on a timer.',
};

/** The modifiers that operators can have beside their verb. */
export const MODIFIERS: Readonly<Record<string, JsonSchema>> = {
  groupBy: columns('The columns that rows are grouped by.'),
  window: WINDOW,
  emit: EMIT,
  ttl: duration('Inactivity in event time after which a row is removed, with a tombstone at the sink.'),
  name: textLike(
    '^[A-Za-z_][A-Za-z0-9_-]*$',
    'a name: letters, digits, `_` and `-`',
    'A name for this step in metrics, state stores and `explain`.',
  ),
  note: { type: 'string', description: 'A remark for people.' },
};
