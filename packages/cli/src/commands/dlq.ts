import type { Plan } from '@rta/dsl';
import { deadLetterTopics, replay, Replayed, targetPartition, type Log, type Verdict } from '@rta/runtime';
import {
  countJson,
  judgedJson,
  judgeLetters,
  LetterCounts,
  letterJson,
  otherReaders,
  RecordDecoder,
  selectLetters,
  sourcePartitions,
  toBeSent,
  type JudgedLetter,
} from '@rta/serve/lookups';
import type { Command } from 'commander';
import type { BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { countLines } from '../dead-letters/count-lines.js';
import { addSelection, placesOf, type SelectionOptions } from '../dead-letters/selection.js';
import { letterLines } from '../dead-letters/show-letter.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { tableLines } from '../output/table.js';
import type { AddCommand } from '../program.js';
import { loadProjectFile } from '../project/load.js';
import { asDeployed } from '../project/as-deployed.js';
import { namedPlans } from '../project/named-plans.js';
import { count } from '../run/figures.js';
import { findTopic } from '../topics/find-topic.js';
import { openExistingBackend } from '../topics/open-existing.js';

interface LettersOptions extends BackendOptions, SelectionOptions {
  readonly json?: boolean;
}

interface ReplayOptions extends LettersOptions {
  readonly dryRun?: boolean;
  readonly onlyReadable?: boolean;
}

export const addDlq: AddCommand = (program, act) => {
  const dlq = program.command('dlq').description('Dead letters and late records: counts, each in full, and back to where they came from');
  backendOptions(
    addSelection(
      dlq
        .command('ls')
        .description('Counts the letters in the topics that pipelines name under errors: and late:')
        .argument('[pipelines...]', 'names, or files (default: all of pipelines/)'),
    ),
  ).action(act(list));
  backendOptions(
    addSelection(
      dlq
        .command('show')
        .description('Shows letters in full: why, where the record stood, and its bytes, decoded or in hex with the place of the fault')
        .argument('<topic>')
        .argument('[places...]', 'partition@offset, partition@from-to, or a partition (default: all)'),
    ).option('--pipeline <name>', 'only of this pipeline'),
  ).action(act(show));
  backendOptions(
    addSelection(
      dlq
        .command('replay')
        .description('Puts the records of letters back to where they came from, each once')
        .argument('<topic>')
        .argument('[places...]', 'partition@offset, partition@from-to, or a partition (default: all)'),
    )
      .option('--pipeline <name>', 'only of this pipeline')
      .option('--dry-run', 'only says what would be sent, and whether the pipeline could read it now')
      .option('--only-readable', 'sends only what the pipeline could read now'),
  )
    .addHelpText(
      'after',
      `
Key, value, headers and time are the record's own, byte for byte; it goes to the partition it came from. All that reads the topic gets it
again: other pipelines, and other steps of the same one. A letter that was replayed is not replayed again, whoever tries, and however
an earlier replay ended. Whether a record can be read is found out with the pipeline's file as it is now.`,
    )
    .action(act(replayLetters));
};

function backendOptions(command: Command): Command {
  return command
    .option('--brokers <list>', 'Kafka, as host:port,host:port (default: KAFKA_BROKERS, rta.yaml, else the embedded log)')
    .option('--registry <url>', 'schema registry (default: SCHEMA_REGISTRY_URL, rta.yaml)')
    .option('--dir <directory>', 'of the embedded log (default: .rta)')
    .option('--json', 'NDJSON');
}

const list: Action<LettersOptions> = async (context, names, options) => {
  const { plans, loaded } = await namedPlans(context, names);
  const backend = await openExistingBackend(context, options, loaded.project);
  try {
    const wanted = new Set(plans.map(({ pipeline }) => pipeline));
    // Of the version that runs and of the file as it is: what went to other topics is not lost sight of.
    const both = [...plans, ...(await asDeployed(context, backend.log, plans))];
    const topics = [...new Set(both.flatMap((plan) => [...deadLetterTopics(plan)]))].sort();
    const replayed = await Replayed.read(backend.log);
    const counts = new LetterCounts();
    let others = 0;
    for (const topic of topics) {
      for (const letter of await selectLetters(backend.log, topic, [], options))
        if (names.length === 0 || wanted.has(letter.pipeline)) counts.add(letter, replayed.has(letter));
      others += (await selectLetters(backend.log, topic, [], { ...options, late: options.late !== true })).length;
    }
    if (options.json === true) {
      const out = new NdjsonWriter(context.stdout, 'dlq ls');
      for (const each of counts.all()) out.write(countJson(each));
    } else context.stdout.write(listText(counts, topics, others, options.late === true));
    return EXIT_CODES.ok.code;
  } finally {
    await backend.close();
  }
};

function listText(counts: LetterCounts, topics: readonly string[], others: number, late: boolean): string {
  const all = counts.all();
  const [these, those, option] = late ? ['late records', 'dead letters', 'without --late'] : ['dead letters', 'late records', '--late'];
  const lines =
    all.length > 0 ? countLines(all) : [topics.length === 0 ? 'no pipeline names a topic for them' : `no ${these} in ${topics.join(', ')}`];
  if (others > 0) lines.push(`${count(others)} ${those}: ${option}`);
  return `${lines.join('\n')}\n`;
}

const show: Action<LettersOptions> = async (context, [topic, ...places], options) => {
  const backend = await openExistingBackend(context, options, loadProjectFile(context));
  try {
    await findTopic(backend.log, topic);
    const letters = await selectLetters(backend.log, topic, placesOf(places), options);
    const replayed = await Replayed.read(backend.log);
    const decoder = new RecordDecoder(backend.registry);
    const out = options.json === true ? new NdjsonWriter(context.stdout, 'dlq show') : null;
    for (const [i, letter] of letters.entries()) {
      if (context.signal.aborted) return EXIT_CODES.interrupted.code;
      if (out !== null) out.write(await letterJson(letter, replayed.has(letter), decoder));
      else context.stdout.write(`${i > 0 ? '\n' : ''}${(await letterLines(letter, replayed.has(letter), decoder)).join('\n')}\n`);
    }
    if (letters.length === 0) throw nothing(topic, places, options);
    return EXIT_CODES.ok.code;
  } finally {
    await backend.close();
  }
};

function nothing(topic: string, places: readonly string[], { late }: SelectionOptions): Failure {
  return new Failure(
    'no_letters',
    `there is no such ${late === true ? 'late record' : 'dead letter'} in ${topic}${places.length > 0 ? ` at ${places.join(', ')}` : ''}`,
    late === true ? 'without --late: dead letters' : '--late: late records; rta dlq ls says what there is',
  );
}

const replayLetters: Action<ReplayOptions> = async (context, [topic, ...places], options) => {
  const plans = await plansIfAny(context);
  const backend = await openExistingBackend(context, options, loadProjectFile(context));
  try {
    const { log } = backend;
    await findTopic(log, topic);
    const letters = await selectLetters(log, topic, placesOf(places), options);
    if (letters.length === 0) throw nothing(topic, places, options);
    const judged = await judgeLetters(backend, plans, letters, options.dryRun === true || options.onlyReadable === true);
    const chosen = toBeSent(judged, options.onlyReadable === true);
    for (const { topic: read, pipeline } of otherReaders(plans, chosen))
      context.stderr.write(`warning: ${read} is read by ${pipeline} too, which gets these records once more\n`);
    const sent = options.dryRun === true ? 0 : await replay(log, chosen.map(({ letter }) => letter)); // prettier-ignore
    const summary = {
      selected: letters.length,
      replayedBefore: judged.filter(({ replayed }) => replayed).length,
      [options.dryRun === true ? 'wouldSend' : 'sent']: options.dryRun === true ? chosen.length : sent,
    };
    if (options.json === true) {
      const partitions = await sourcePartitions(log, letters);
      const out = new NdjsonWriter(context.stdout, 'dlq replay');
      if (options.dryRun === true) for (const each of judged) out.write(judgedJson(each, chosen.includes(each), partitions));
      out.write({ summary });
    } else context.stdout.write(`${(await replayLines(log, judged, chosen, sent, options.dryRun === true)).join('\n')}\n`);
    return EXIT_CODES.ok.code;
  } finally {
    await backend.close();
  }
};

/** Those of the project; a directory without pipelines has none, and letters can be put back from there all the same. */
async function plansIfAny(context: CliContext): Promise<readonly Plan[]> {
  try {
    return (await namedPlans(context, [])).all;
  } catch (error) {
    if (error instanceof Failure && error.code === 'no_pipelines') return [];
    throw error;
  }
}

async function replayLines(
  log: Log,
  judged: readonly JudgedLetter[],
  chosen: readonly JudgedLetter[],
  sent: number,
  dry: boolean,
): Promise<string[]> {
  const before = judged.filter(({ replayed }) => replayed).length;
  const left = before === 0 ? '' : `; ${count(before)} replayed before`;
  if (!dry) return [`${count(sent)} of ${count(judged.length)} sent${left}`];
  const partitions = await sourcePartitions(log, judged.map(({ letter }) => letter)); // prettier-ignore
  const rows = judged.map(({ letter, replayed, verdict }) => {
    const { partition, offset, reason, pipeline, source } = letter;
    const to = partitions.get(source.topic);
    const target = to === undefined ? `${source.topic}, which does not exist` : `${source.topic} ${targetPartition(letter, to)}`;
    return [`${partition}@${offset}`, pipeline, reason, target, replayed ? 'replayed before' : nowOf(verdict)];
  });
  const columns = ['LETTER', 'PIPELINE', 'REASON', 'TO', 'NOW'].map((title) => ({ title }));
  return [...tableLines(columns, rows), `would send ${count(chosen.length)} of ${count(judged.length)}${left}`];
}

function nowOf(verdict: Verdict | null): string {
  if (verdict === null) return 'its pipeline is not here: nobody can say';
  if (verdict.outcome === 'read') return '✓ can be read';
  if (verdict.outcome === 'unread') return 'the pipeline does not read this topic any more';
  return `✗ ${verdict.reason}: ${verdict.message}`;
}
