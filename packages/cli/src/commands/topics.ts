import type { Log, PartitionOffsets, TopicDescription } from '@rta/runtime';
import type { BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { loadProjectFile } from '../project/load.js';
import { findTopic, isInternal } from '../topics/find-topic.js';
import { openExistingBackend } from '../topics/open-existing.js';

interface TopicsOptions extends BackendOptions {
  readonly json?: boolean;
}

interface Listed extends TopicDescription {
  readonly internal: boolean;
  readonly offsets: readonly PartitionOffsets[];
}

export const addTopics: AddCommand = (program, act) => {
  program
    .command('topics')
    .description('Lists topics: partitions, records, settings; with names, every partition of those')
    .argument('[names...]')
    .option('--brokers <list>', 'Kafka, as host:port,host:port (default: KAFKA_BROKERS, rta.yaml, else the embedded log)')
    .option('--registry <url>', 'schema registry (default: SCHEMA_REGISTRY_URL, rta.yaml)')
    .option('--dir <directory>', 'of the embedded log (default: .rta)')
    .option('--json', 'NDJSON: one line per topic, with the offsets of its partitions')
    .action(act(topics));
};

const topics: Action<TopicsOptions> = async (context, names, options) => {
  const backend = await openExistingBackend(context, options, loadProjectFile(context));
  try {
    const { log } = backend;
    const described = names.length === 0 ? await log.topics() : await Promise.all(names.map((name) => findTopic(log, name)));
    const listed = await withOffsets(log, described);
    if (options.json === true) {
      const out = new NdjsonWriter(context.stdout, 'topics');
      for (const { name, ...topic } of listed) out.write({ topic: name, ...topic, records: recordsOf(topic.offsets) });
    } else if (listed.length === 0) context.stdout.write(`no topics: ${backend.description}\n`);
    else printTable(context, listed, names.length > 0);
    return EXIT_CODES.ok.code;
  } finally {
    await backend.close();
  }
};

/** Those of pipelines themselves come last. A topic that is deleted meanwhile is left out. */
async function withOffsets(log: Log, described: readonly TopicDescription[]): Promise<Listed[]> {
  const listed = await Promise.all(
    described.map(async (topic): Promise<Listed[]> => {
      try {
        return [{ ...topic, internal: isInternal(topic.name), offsets: await log.offsets(topic.name) }];
      } catch (error) {
        if ((error as { code?: unknown }).code === 'unknown_topic') return [];
        throw error;
      }
    }),
  );
  return listed.flat().sort((a, b) => Number(a.internal) - Number(b.internal) || (a.name < b.name ? -1 : 1));
}

/** Offsets that are kept: after compaction, and with Kafka's transaction markers, there are fewer records. */
function recordsOf(offsets: readonly PartitionOffsets[]): number {
  return offsets.reduce((sum, { low, stable }) => sum + stable - low, 0);
}

function printTable({ stdout }: CliContext, listed: readonly Listed[], details: boolean): void {
  const rows = listed.flatMap(({ name, partitions, offsets, config, internal }) => [
    [
      name,
      String(partitions),
      recordsOf(offsets).toLocaleString('en'),
      [...(internal ? ['internal'] : []), ...settings(config)].join(', '),
    ],
    ...(details
      ? offsets.map(({ partition, low, stable, high }) => [
          `  ${partition}`,
          '',
          (stable - low).toLocaleString('en'),
          `${low} to ${stable}${high > stable ? `, ${high - stable} in open transactions` : ''}`,
        ])
      : []),
  ]);
  const all = [['TOPIC', 'PARTITIONS', 'RECORDS', 'SETTINGS'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column].length)));
  for (const [name, partitions, count, rest] of all)
    stdout.write(`${`${name.padEnd(widths[0])}  ${partitions.padStart(widths[1])}  ${count.padStart(widths[2])}  ${rest}`.trimEnd()}\n`);
}

/** What decides over how long records stay, and how they are written. */
const OF_INTEREST = ['cleanup.policy', 'retention.ms', 'retention.bytes', 'compression.type'];

function settings(config: TopicDescription['config']): string[] {
  return OF_INTEREST.filter((name) => name in config).map((name) => (name === 'cleanup.policy' ? config[name] : `${name}=${config[name]}`));
}
