import { InvalidArgumentError } from 'commander';
import type { PartitionOffsets } from '@rta/runtime';
import {
  decodedJson,
  follow,
  lastRanges,
  readMerged,
  RecordDecoder,
  showDecoded,
  type Decoded,
  type Range,
  type TopicRecord,
} from '@rta/serve/lookups';
import type { Backend, BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { wholeNumber } from '../option-values.js';
import { colours } from '../output/colour.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { loadProjectFile } from '../project/load.js';
import { findTopic, isInternal } from '../topics/find-topic.js';
import { openExistingBackend } from '../topics/open-existing.js';

interface TailOptions extends BackendOptions {
  readonly from?: 'beginning' | 'end' | number;
  readonly count?: number;
  readonly follow?: boolean;
  readonly headers?: boolean;
  readonly keyOnly?: boolean;
  readonly json?: boolean;
}

const DEFAULT_COUNT = 10;

export const addTail: AddCommand = (program, act) => {
  program
    .command('tail')
    .description('Prints records of a topic, decoded: the latest ones, or from an offset on')
    .argument('<topic>')
    .option('--from <where>', 'beginning, end, or an offset (of every partition)', placeOf)
    .option('-n, --count <n>', 'without --from, how many of the latest (default: 10); with it, ends after so many', wholeNumber(1))
    .option('-f, --follow', 'goes on with what comes, until Ctrl-C')
    .option('--headers', 'record headers too')
    .option('--key-only', 'no values')
    .option('--brokers <list>', 'Kafka, as host:port,host:port (default: KAFKA_BROKERS, rta.yaml, else the embedded log)')
    .option('--registry <url>', 'schema registry (default: SCHEMA_REGISTRY_URL, rta.yaml)')
    .option('--dir <directory>', 'of the embedded log (default: .rta)')
    .option('--json', 'NDJSON: one line per record')
    .action(act(tail));
};

const tail: Action<TailOptions> = async (context, [topic], options) => {
  const backend = await openExistingBackend(context, options, loadProjectFile(context));
  try {
    await findTopic(backend.log, topic);
    const print = printer(context, backend, topic, options);
    let left = options.from === undefined ? Infinity : (options.count ?? Infinity);
    for await (const record of chosen(context, backend, topic, options)) {
      await print(record);
      if (--left === 0) return EXIT_CODES.ok.code;
      if (context.signal.aborted) break;
    }
    return context.signal.aborted ? EXIT_CODES.interrupted.code : EXIT_CODES.ok.code;
  } finally {
    await backend.close();
  }
};

/** The records that the options ask for; without an end where they follow. */
async function* chosen(
  { signal }: CliContext,
  { log }: Backend,
  topic: string,
  { from, ...options }: TailOptions,
): AsyncGenerator<TopicRecord> {
  const offsets = await log.offsets(topic);
  if (from === undefined) {
    const count = options.count ?? DEFAULT_COUNT;
    // The ranges hold so many of each partition; of all together only the last are wanted.
    const latest: TopicRecord[] = [];
    for await (const record of readMerged(log, topic, await lastRanges(log, topic, offsets, count))) {
      latest.push(record);
      if (latest.length > count) latest.shift();
    }
    yield* latest;
  } else yield* readMerged(log, topic, offsets.map(rangeFrom(from)));
  if (options.follow === true) yield* follow(log, topic, new Map(offsets.map(({ partition, stable }) => [partition, stable])), signal);
}

function rangeFrom(from: 'beginning' | 'end' | number): (offsets: PartitionOffsets) => Range {
  return ({ partition, low, stable }) => {
    const start = from === 'beginning' ? low : from === 'end' ? stable : Math.max(low, from);
    return { partition, from: Math.min(start, stable), to: stable };
  };
}

function printer(context: CliContext, { registry }: Backend, topic: string, options: TailOptions): (record: TopicRecord) => Promise<void> {
  const decoder = new RecordDecoder(isInternal(topic) ? null : registry);
  const headersOf = (record: TopicRecord): Promise<{ key: string; value: Decoded }[]> =>
    Promise.all(record.headers.map(async ({ key, value }) => ({ key, value: await decoder.decode(value) })));
  if (options.json === true) {
    const out = new NdjsonWriter(context.stdout, 'tail');
    return async (record) => {
      const { partition, offset, timestamp } = record;
      out.write({
        partition,
        offset,
        time: new Date(timestamp).toISOString(),
        key: decodedJson(await decoder.decode(record.key)),
        ...(options.keyOnly === true ? {} : { value: decodedJson(await decoder.decode(record.value)), tombstone: record.value === null }),
        ...(record.headers.length === 0
          ? {}
          : { headers: (await headersOf(record)).map(({ key, value }) => ({ key, ...decodedJson(value) })) }),
      });
    };
  }
  const dim = colours(context.stdout, context.env) ? (text: string) => `\u001B[2m${text}\u001B[0m` : (text: string) => text;
  return async (record) => {
    const place = `${record.partition}:${record.offset}`.padEnd(8);
    const parts = [dim(`${place} ${new Date(record.timestamp).toISOString()}`), showDecoded(await decoder.decode(record.key))];
    if (options.keyOnly !== true) parts.push(record.value === null ? dim('tombstone') : showDecoded(await decoder.decode(record.value)));
    if (options.headers === true && record.headers.length > 0)
      parts.push(dim(`[${(await headersOf(record)).map(({ key, value }) => `${key}: ${showDecoded(value)}`).join(', ')}]`));
    context.stdout.write(`${parts.join('  ')}\n`);
  };
}

function placeOf(text: string): 'beginning' | 'end' | number {
  if (text === 'beginning' || text === 'end') return text;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be beginning, end, or an offset.');
}
