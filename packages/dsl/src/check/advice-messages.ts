import type { Span } from '../diagnostics/diagnostic.js';
import { adviceMessage, listing, quote } from '../diagnostics/message.js';
import { showDuration } from '../expression/duration.js';

/** What a remedy is: where to write it, and the YAML. */
function write(where: string, ...yaml: readonly string[]): string {
  return `${where} write\n${yaml.map((line) => `    ${line}`).join('\n')}`;
}

/** What `rta explain --advice` says: what a pipeline that is right will do once it runs, and what to write where that is not wanted. */
export const adviceMessages = {
  // ---- RTA40xx: state ----
  unboundedGroups: adviceMessage(
    'RTA4001',
    'State that grows with every new key',
    (span: Span, verb: string, keys: readonly string[], bytes: number) => ({
      span,
      message: `${quote(verb)} keeps a row for every ${listing(keys.map(quote), 'and')} for ever: a million of them are about ${bytes} MB of state, and as much in its changelog`,
      help: write(`let those go that are silent: beside ${quote(verb)}`, 'ttl: 7d'),
    }),
  ),
  growingGroup: adviceMessage('RTA4002', 'A group whose state grows with its values', (span: Span, column: string, value: string) => ({
    span,
    message: `${quote(column)} keeps every value that its group has seen, without end, in one record of the changelog: a broker that takes 1 MB has room for some 50,000 values of 20 bytes`,
    help: write('for 4 KiB at most and a standard error of 1.6 %,', `${column}: approxDistinct(${value})`),
  })),
  hiddenTrail: adviceMessage(
    'RTA4003',
    'Rows that are kept until others of their key come',
    (span: Span, rows: number, keys: readonly string[]) => ({
      span,
      message: `the last ${rows === 1 ? 'row' : `${rows} rows`} of every ${listing(keys.map(quote), 'and')} are kept for ever, also of those that never come again`,
      help: write('beside the verb', 'ttl: 7d'),
    }),
  ),

  // ---- RTA41xx: how rows move, and where they meet ----
  repartition: adviceMessage(
    'RTA4101',
    'Rows go through another topic to meet others of their group',
    (span: Span, group: readonly string[], key: string | null, source: string, topic: string, whole: boolean, column: string | null) => ({
      span,
      message:
        `records of ${quote(source)} are ${key === null ? 'without a declared key' : `keyed by ${quote(key)}`}, so those of one ${listing(group.map(quote), 'and')} are in many partitions: ` +
        (whole
          ? `each row is written to ${quote(topic)} and read again`
          : `each task sends one partial result per group and commit through ${quote(topic)}`) +
        ', one more transaction until the result',
      help:
        column === null
          ? 'nothing avoids it here: a record has one key, which is a column of the source'
          : write(`if the producer keys its records by ${quote(column)}, in the source`, `key: ${column}`),
    }),
  ),
  skew: adviceMessage('RTA4102', 'A few groups take all rows', (span: Span, group: string, values: number, whole: boolean) => ({
    span,
    message:
      `${group} has ${values === 1 ? 'one value' : `at most ${values} values`}, so ${values === 1 ? 'one task does' : `no more than ${values} tasks do`} all of this step, however many partitions and workers there are; ` +
      (whole ? 'every row goes there' : 'each other task hands in one partial result per group and commit'),
    help: whole
      ? write('where a finer group does', 'groupBy: [finer_column, …]')
      : 'that is cheap until there are hundreds of tasks; where a finer group is of use anyway, aggregate by it first and this one over its result',
  })),
  movedJoin: adviceMessage('RTA4103', 'A join whose sides may lie alike', (span: Span, key: readonly string[]) => ({
    span,
    message: `both sides are keyed by ${listing(key.map(quote), 'and')}, and each of their rows is written to a topic and read again to meet its equals, one more transaction until the result`,
    help: write(
      "where both topics have equally many partitions, filled as Kafka's Java clients and rta do it (murmur2 of the key),",
      'copartitioned: true',
    ),
  })),

  // ---- RTA42xx: time ----
  latenessBeyondRetention: adviceMessage(
    'RTA4201',
    'A lateness longer than the topic keeps records',
    (span: Span, topic: string, lateness: number, retention: number) => ({
      span,
      message: `${quote(topic)} keeps records for ${showDuration(retention)} and the source waits ${showDuration(lateness)} for those that are late: results come ${showDuration(lateness - retention)} later for records that a restart can no longer read`,
      help: write(`in ${quote('topics')}`, `${topic}: { retention: ${showDuration(2 * lateness)} }`),
    }),
  ),
  beyondRetention: adviceMessage(
    'RTA4202',
    'More time in a result than the topic keeps records',
    (span: Span, what: string, needed: number, topic: string, retention: number) => ({
      span,
      message: `${what} looks at ${showDuration(needed)} of ${quote(topic)}, which keeps ${showDuration(retention)}: a rebuild from the start of the topic gives other results than the run did`,
      help: write(`in ${quote('topics')}`, `${topic}: { retention: ${showDuration(2 * needed)} }`),
    }),
  ),
  idleHolds: adviceMessage(
    'RTA4203',
    'A quiet partition holds everything back',
    (span: Span, source: string, partitions: number | null, waiting: readonly string[]) => ({
      span,
      message: `${partitions === null ? 'when one partition' : `when one of the ${partitions} partitions`} of ${quote(source)} has no records, its watermark stands still, and ${listing(waiting.map(quote), 'and')} ${waiting.length === 1 ? 'waits' : 'wait'} for it`,
      help: write('in the source (its results then depend on how long it was quiet)', 'idle: 1m'),
    }),
  ),
  noLateness: adviceMessage('RTA4204', 'No patience with records out of order', (span: Span, source: string, what: readonly string[]) => ({
    span,
    message: `${quote(source)} has no ${quote('lateness')}, so a record that is a millisecond behind another of its partition is late for ${listing(what.map(quote), 'and')}`,
    help: write('in the source', 'lateness: 5s'),
  })),
  tableWaits: adviceMessage(
    'RTA4205',
    'A join that waits for the lateness of its table',
    (span: Span, table: string, lateness: number, left: number) => ({
      span,
      message: `a row waits until ${quote(table)} is known up to its time: that is ${showDuration(lateness)} by the table's ${quote('lateness')}, where the stream itself waits ${showDuration(left)}`,
      help: write('in the source of the table', `lateness: ${showDuration(left)}`),
    }),
  ),
  latenessBeyondWindow: adviceMessage(
    'RTA4206',
    'A lateness of many windows',
    (span: Span, window: number, lateness: number, source: string) => ({
      span,
      message: `${quote(source)} waits ${showDuration(lateness)} for late records, so ${Math.ceil(lateness / window) + 1} windows are open at a time, and each closes ${showDuration(lateness)} after its end`,
      help: write('where less is enough, in the source', `lateness: ${showDuration(window)}`),
    }),
  ),

  // ---- RTA43xx: results that depend on more than the input (SEMANTICS, "outside the law") ----
  versionLatest: adviceMessage('RTA4301', 'A join with whatever row there is', (span: Span, table: string) => ({
    span,
    message: `with ${quote('version: latest')} a row meets what ${quote(table)} held when it was read: a replay gives other results`,
    help: write('for the version of the row’s own time', 'version: asOf'),
  })),
  processingTime: adviceMessage('RTA4302', 'Times of the clock', (span: Span, source: string) => ({
    span,
    message: `the times of ${quote(source)} are those at which records were read: a replay puts them all into other windows`,
    help: write('for the time that the record carries, in the source', 'time: $time'),
  })),

  // ---- RTA44xx: topics ----
  windowsPileUp: adviceMessage('RTA4401', 'A topic in which windows pile up', (span: Span, topic: string, declared: boolean) => ({
    span,
    message: `each window is a key of its own in ${quote(topic)}, and a window that closes leaves its last row there: compaction alone never makes it smaller`,
    help: write(
      declared ? `in ${quote('topics')}` : 'in the pipeline or rta.yaml',
      ...(declared ? [] : ['topics:']),
      `${declared ? '' : '  '}${topic}: { retention: 7d, cleanup: [compact, delete] }`,
    ),
  })),
};
