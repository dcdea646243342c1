import type { Span } from '../diagnostics/diagnostic.js';
import { errorMessage, listing, quote, warningMessage } from '../diagnostics/message.js';
import { didYouMean } from '../expression/suggest.js';
import { showType } from '../types/lattice.js';
import type { Type } from '../types/type.js';
import { alertMessages } from './alert-messages.js';
import { boardMessages } from './board-messages.js';
import { formatMessages } from './format-messages.js';
import { includeMessages } from '../project/include.js';
import { joinMessages } from './join-messages.js';
import { tableMessages } from './table-messages.js';
import { testMessages } from './test-messages.js';
import { sinkMessages } from './sink-messages.js';
import { remoteMessages } from './remote-messages.js';
import { topKMessages } from './topk-messages.js';
import { unnestMessages } from './unnest-messages.js';

/** The messages about names, types and meaning (those inside expressions are the expression checker's). One function each. */
export const messages = {
  // ---- RTA30xx: sources, schemas, streams ----
  noSource: errorMessage('RTA3001', 'A pipeline without a source', (span: Span, shared: readonly string[]) => ({
    span,
    message: 'the pipeline has no `source`',
    help: shared.length > 0 ? `name one of rta.yaml (${listing(shared)}), or say \`{ topic, schema }\`` : 'say `source: { topic, schema }`',
  })),
  unknownSource: errorMessage('RTA3002', 'A source that is not in rta.yaml', (span: Span, name: string, shared: readonly string[]) => ({
    span,
    message: `rta.yaml has no source ${quote(name)}`,
    help:
      didYouMean(name, shared) ??
      (shared.length > 0 ? `it has ${listing(shared, 'and')}` : 'declare it under `sources` there, or write the source here'),
  })),
  noSchema: errorMessage('RTA3003', 'A source without a schema', (span: Span, name: string) => ({
    span,
    message: `the source ${quote(name)} has no \`schema\``,
    help: 'a schema types the records: `schema: user_score` is `schemas/user_score.avsc`',
  })),
  unknownSchema: errorMessage('RTA3004', 'A schema that is not there', (span: Span, name: string, known: readonly string[]) => ({
    span,
    message: `there is no schema ${quote(name)}`,
    help: didYouMean(name, known) ?? (known.length > 0 ? `there is ${listing(known, 'and')}` : `expected in schemas/${name}.avsc`),
  })),
  badSchema: errorMessage('RTA3005', 'A schema that cannot type a source', (span: Span, name: string, why: string, help?: string) => ({
    span,
    message: `the schema ${quote(name)} cannot type a source: ${why}`,
    help,
  })),
  badTime: errorMessage('RTA3006', 'An event time that is no time', (span: Span, type: Type) => ({
    span,
    message: `the event time must be a timestamp, or a long of milliseconds, that is never null; this is ${showType(type)}`,
    help:
      type.kind === 'nullable'
        ? 'give a default: `time: sent_at ?? $time`'
        : type.kind === 'string'
          ? 'give the field the logical type timestamp-millis in the schema, or parse it: `time: timestamp(field)`'
          : undefined,
  })),
  badSourceKey: errorMessage('RTA3007', 'A source key of a type that is no key', (span: Span, name: string, type: Type, why: string) => ({
    span,
    message: `${quote(name)} cannot be the key: ${why}, and it is ${showType(type)}`,
  })),
  sourceKeyNotColumn: errorMessage(
    'RTA3008',
    'A source key that is not a column',
    (span: Span, name: string, columns: readonly string[]) => ({
      span,
      message: `the source has no column ${quote(name)} to be its key`,
      help: didYouMean(name, columns) ?? `it has ${listing(columns, 'and')}`,
    }),
  ),
  sourceTwice: errorMessage('RTA3009', 'Two sources, streams or sinks of one name', (span: Span, what: string, name: string) => ({
    span,
    message: `${what} ${quote(name)} is here twice`,
  })),
  topicTwice: errorMessage('RTA3010', 'Two sinks of one topic', (span: Span, topic: string, other: string) => ({
    span,
    message: `the topic ${quote(topic)} is written by ${other} already`,
    help: 'a topic has one writer, or its rows would overwrite each other',
  })),
  readsOwnSink: errorMessage('RTA3011', 'A pipeline that reads what it writes', (span: Span, topic: string) => ({
    span,
    message: `the topic ${quote(topic)} is read by this pipeline`,
    help: 'write to another topic',
  })),
  noSink: errorMessage('RTA3012', 'A pipeline without a sink', (span: Span) => ({
    span,
    message: 'the pipeline has no `sink`',
    help: 'say where the result goes: `sink: { topic: name }`',
  })),
  unknownStream: errorMessage('RTA3013', 'A stream that is not there', (span: Span, name: string, known: readonly string[]) => ({
    span,
    message: `there is no stream or source ${quote(name)}`,
    help: didYouMean(name, known) ?? `there is ${listing(known, 'and')}`,
  })),
  streamCycle: errorMessage('RTA3014', 'Streams that read each other in a circle', (span: Span, names: readonly string[]) => ({
    span,
    message: `these streams read each other in a circle: ${names.join(' → ')}`,
  })),
  fromNeeded: errorMessage('RTA3015', 'Several sources and no `from`', (span: Span, names: readonly string[]) => ({
    span,
    message: 'there are several sources, so say which one: `from`',
    help: `one of ${listing(names)}`,
  })),
  unusedStream: warningMessage('RTA3016', 'A stream or source that nothing reads', (span: Span, what: string, name: string) => ({
    span,
    message: `nothing reads the ${what} ${quote(name)}`,
  })),
  compactedStream: errorMessage('RTA3017', 'A compacted topic read as a stream', (span: Span, topic: string) => ({
    span,
    message: `the topic ${quote(topic)} is compacted, so it cannot be read as a stream: a replay would see other records`,
    help: 'read it as a table (`kind: table`), or declare it with `cleanup: delete`',
  })),
  tableNotCompacted: errorMessage('RTA3018', 'The topic of a table that is not compacted', (span: Span, topic: string) => ({
    span,
    message: `the topic ${quote(topic)} gets the rows of a table and is declared with \`cleanup: delete\`, which would forget them`,
    help: 'declare it with `cleanup: compact` or `[compact, delete]`, or leave `cleanup` out',
  })),
  compactedWithoutKey: errorMessage('RTA3019', 'A compacted topic of records without keys', (span: Span, topic: string) => ({
    span,
    message: `the topic ${quote(topic)} is compacted, and the records of this stream have no key`,
    help: 'say the key: `key: user_id`',
  })),
  topicReadTwice: errorMessage('RTA3020', 'Two sources of one topic', (span: Span, topic: string, other: string) => ({
    span,
    message: `the topic ${quote(topic)} is the source ${quote(other)} already`,
    help: `read ${quote(other)} again: a branch is a second stream \`from\` the same one`,
  })),
  unionOfTable: errorMessage('RTA3021', 'A union with a table', (span: Span, name: string) => ({
    span,
    message: `${quote(name)} is a table, and only streams are merged`,
    help: 'merge the streams that it is made of, or make it a stream: a window with `emit: final`',
  })),
  unionColumns: errorMessage(
    'RTA3022',
    'A union of streams with other columns',
    (span: Span, name: string, first: string, why: string) => ({
      span,
      message: `${quote(name)} has other columns than ${quote(first)}: ${why}`,
      help: 'give both the same columns before, with `select`, `derive` or `rename`',
    }),
  ),
  unionTwice: errorMessage('RTA3023', 'A union that names a stream twice', (span: Span, name: string) => ({
    span,
    message: `${quote(name)} is here twice, so each of its rows would be`,
    help: 'name it once',
  })),

  // ---- RTA31xx: steps, columns ----
  noVerb: errorMessage('RTA3101', 'A step without a verb', (span: Span, verbs: readonly string[], modifiers: readonly string[]) => ({
    span,
    message: modifiers.length > 0 ? `this step has ${listing(modifiers.map(quote), 'and')} and no verb` : 'this step has no verb',
    help: `a step is one of ${listing(verbs)}, with its modifiers`,
  })),
  twoVerbs: errorMessage('RTA3102', 'Two verbs in one step', (span: Span, first: string, second: string) => ({
    span,
    message: `${quote(second)} stands in the same step as ${quote(first)}: a dash is missing`,
    help: `begin a new item: \`- ${second}: …\``,
  })),
  unknownVerb: errorMessage('RTA3103', 'A verb that is not there', (span: Span, verb: string, known: readonly string[], help?: string) => ({
    span,
    message: `there is no ${quote(verb)}`,
    help: help ?? didYouMean(verb, known) ?? `a step is one of ${listing(known)}`,
  })),
  unknownColumn: errorMessage('RTA3104', 'A column that is not there', (span: Span, name: string, columns: readonly string[]) => ({
    span,
    message: `there is no column ${quote(name)}`,
    help: didYouMean(name, columns) ?? `there is ${listing(columns, 'and')}`,
  })),
  columnTwice: errorMessage('RTA3105', 'Two columns of one name', (span: Span, name: string, help: string) => ({
    span,
    message: `there is a column ${quote(name)} already`,
    help,
  })),
  badColumnName: errorMessage('RTA3106', 'A name that no column can have', (span: Span, name: string, why: string) => ({
    span,
    message: `${quote(name)} cannot be a column: ${why}`,
  })),
  modifierNotHere: errorMessage(
    'RTA3107',
    'A modifier that the verb does not have',
    (span: Span, modifier: string, verb: string, help?: string) => ({
      span,
      message: `${quote(verb)} has no ${quote(modifier)}`,
      help,
    }),
  ),
  nameNeeded: errorMessage('RTA3108', 'An expression without a column name', (span: Span, text: string) => ({
    span,
    message: `${quote(text)} is an expression, so its column needs a name`,
    help: 'write `{ name: expression }`',
  })),
  nullableKey: errorMessage('RTA3109', 'A group column that may be null', (span: Span, name: string, text: string) => ({
    span,
    message: `rows are grouped by ${quote(name)}, which may be null`,
    help: `leave such rows out before, \`- filter: ${text} != null\`, or give a value: \`{ ${name}: ${text} ?? … }\``,
  })),
  notAKey: errorMessage('RTA3110', 'A column of a type that cannot be grouped by', (span: Span, name: string, type: Type) => ({
    span,
    message: `${quote(name)} is ${showType(type)}, and rows cannot be grouped by that`,
    help: 'group by a text, a number, a time or one of its fields',
  })),
  dropsTableKey: errorMessage('RTA3111', 'A table that loses its key', (span: Span, names: readonly string[], verb: string) => ({
    span,
    message: `${listing(names.map(quote), 'and')} ${names.length > 1 ? 'are' : 'is'} the key of this table, so ${verb} must keep ${names.length > 1 ? 'them' : 'it'}`,
    help: 'a table is upserted by its key',
  })),
  notOrdered: errorMessage('RTA3112', 'An order by what has no order', (span: Span, type: Type) => ({
    span,
    message: `rows cannot be ordered by ${showType(type)}`,
  })),
  badOrder: errorMessage('RTA3113', 'An order that is not understood', (span: Span, help: string) => ({
    span,
    message: 'this order is not understood',
    help,
  })),
  nothingLeft: errorMessage('RTA3114', 'No column is left', (span: Span) => ({ span, message: 'no column is left' })),

  // ---- RTA32xx: windows, aggregates, tables ----
  windowKinds: errorMessage('RTA3201', 'A window of no kind, or of two', (span: Span, kinds: readonly string[]) => ({
    span,
    message: kinds.length === 0 ? 'the window has no kind' : `a window has one kind; this has ${listing(kinds, 'and')}`,
    help: 'one of `{ tumbling: 1m }`, `{ hopping: 5m, every: 1m }`, `{ cumulate: 1h, every: 5m }`, `{ session: 30m }`, `{ sliding: 5m }`',
  })),
  windowSize: errorMessage('RTA3202', 'A window whose sizes do not fit', (span: Span, message: string, help?: string) => ({
    span,
    message,
    help,
  })),
  windowOnTable: errorMessage('RTA3203', 'A window on a table', (span: Span) => ({
    span,
    message: 'windows take streams, and this is a table: its rows change',
    help: 'put `emit: final` on the windowed aggregate before it, or group by `window_start, window_end`',
  })),
  finalWithoutWindow: errorMessage('RTA3204', '`emit: final` without a window', (span: Span) => ({
    span,
    message: '`emit: final` needs a window: without one a result is never final',
    help: 'add `window: { tumbling: 1m }`, or leave `emit` out',
  })),
  overOnTable: errorMessage('RTA3220', '`over` or `dedupe` on a table', (span: Span, what: string) => ({
    span,
    message: `${what} takes streams, and this is a table: its rows change`,
    help: 'put it before the aggregate, or put `emit: final` on a windowed aggregate',
  })),
  nothingOver: errorMessage('RTA3221', 'A modifier that only `over` has a use for', (span: Span, name: string) => ({
    span,
    message: `\`${name}\` of \`derive\` is for aggregates that look back, and there is none`,
    help: 'write one: `recent: avg(score) over 10s`',
  })),
  dedupeNeedsGroup: errorMessage('RTA3222', '`dedupe` without `groupBy`', (span: Span) => ({
    span,
    message: '`dedupe` needs `groupBy`: what makes two rows the same',
    help: 'for example `groupBy: event_id`',
  })),
  withinOfLast: errorMessage('RTA3223', '`within` of `dedupe` with `keep: last`', (span: Span) => ({
    span,
    message: '`within` is for `keep: first`: the last row of a group always takes the place of the one before it',
    help: '`ttl` takes the row away when its group was silent for so long',
  })),
  sampleNeedsKey: errorMessage('RTA3225', '`sample` of rows without a key', (span: Span) => ({
    span,
    message: 'these rows have no key that could decide which of them are in the sample',
    help: 'say what decides: `groupBy: user_id`',
  })),
  badShare: errorMessage('RTA3226', '`sample` of no rows, or of too many', (span: Span, text: string) => ({
    span,
    message: `${quote(text)} is no share of the rows`,
    help: 'write more than 0% and at most 100%',
  })),
  notPositive: errorMessage('RTA3224', 'A duration of nothing', (span: Span, name: string) => ({
    span,
    message: `\`${name}\` must be longer than 0`,
  })),
  ttlOnWindow: errorMessage('RTA3205', '`ttl` with a window', (span: Span) => ({
    span,
    message: '`ttl` is for aggregates without a window: a window ends by itself',
    help: 'leave `ttl` out; `grace` keeps a window open longer',
  })),
  ttlOverTable: errorMessage('RTA3213', '`ttl` of an aggregate over a table', (span: Span) => ({
    span,
    message: '`ttl` has no meaning here: this aggregates a table, whose rows change and leave by themselves',
    help: 'put `ttl` on the aggregate before; its rows then leave this one too',
  })),
  outOfScope: errorMessage(
    'RTA3206',
    'A column that the aggregate left behind',
    (span: Span, name: string, columns: readonly string[]) => ({
      span,
      message: `${quote(name)} is not there after \`aggregate\``,
      help: `only group, window and aggregate columns are: ${listing(columns, 'and')}; add it to the aggregate, for example \`${name}: max(${name})\``,
    }),
  ),
  badTtl: errorMessage('RTA3207', 'A `ttl` of nothing', (span: Span) => ({ span, message: '`ttl` must be longer than 0' })),
  windowColumn: errorMessage('RTA3210', 'A window column that is already there', (span: Span, name: string) => ({
    span,
    message: `the window adds the column ${quote(name)}, and the group has one already`,
    help: 'give the group column another name: `{ outer_start: window_start }`',
  })),
  windowZone: errorMessage('RTA3211', 'A time zone that does not fit the window', (span: Span, message: string, help?: string) => ({
    span,
    message,
    help,
  })),
  slidingEmit: errorMessage('RTA3212', 'An `emit` on a sliding window', (span: Span) => ({
    span,
    message: 'a sliding window gives one row per event, once: there is nothing to update',
    help: 'leave `emit` out, or take a hopping window',
  })),

  // ---- RTA33xx: sinks, topics, boards ----
  sinkTarget: errorMessage('RTA3301', 'A sink without a target', (span: Span) => ({
    span,
    message: 'the sink needs a target: `topic`, `table`, `clickhouse`, `parquet` or `webhook`',
  })),
  sinkKeyOfTable: errorMessage('RTA3302', 'Another key for the topic of a table', (span: Span, key: readonly string[]) => ({
    span,
    message: `the key of a table's topic is the table's: ${listing(key, 'and')}`,
    help: 'leave `key` out',
  })),
  nullableSinkKey: errorMessage('RTA3303', 'A record key that may be null', (span: Span, name: string) => ({
    span,
    message: `the key column ${quote(name)} may be null`,
    help: `leave such rows out before: \`- filter: ${name} != null\``,
  })),
  notAvro: errorMessage('RTA3304', 'A column that a sink cannot hold', (span: Span, name: string, type: Type) => ({
    span,
    message: `the column ${quote(name)} is ${showType(type)}, which a topic cannot hold`,
  })),

  ...alertMessages,
  ...boardMessages,
  ...testMessages,
  ...joinMessages,
  ...sinkMessages,
  ...remoteMessages,
  ...topKMessages,
  ...formatMessages,
  ...includeMessages,
  ...tableMessages,
  ...unnestMessages,

  // ---- RTA39xx: of the language, but not of this release ----
  notYet: errorMessage('RTA3901', 'Not available yet', (span: Span, what: string, help?: string) => ({
    span,
    message: `${what} is not available yet`,
    help,
  })),
};
