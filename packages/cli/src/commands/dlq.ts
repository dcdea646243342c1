import { compileStage, deadLetterTopics, ReadAgain, replay, Replayed, targetPartition, type Letter, type Verdict } from '@rta/runtime';
import type { Plan } from '@rta/dsl';
import type { Command } from 'commander';
import type { Backend, BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { LetterCounts, countLines } from '../dead-letters/letter-counts.js';
import { addSelection, selectLetters, type SelectionOptions } from '../dead-letters/selection.js';
import { letterJson, letterLines } from '../dead-letters/show-letter.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { tableLines } from '../output/table.js';
import type { AddCommand } from '../program.js';
import { loadProjectFile } from '../project/load.js';
import { asDeployed } from '../project/as-deployed.js';
import { namedPlans } from '../project/named-plans.js';
import { count } from '../run/figures.js';
import { RecordDecoder } from '../tail/decode.js';
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
      for (const { first, last, ...each } of counts.all())
        out.write({ ...each, first: new Date(first).toISOString(), last: new Date(last).toISOString() });
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
    const letters = await selectLetters(backend.log, topic, places, options);
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

interface Judged {
  readonly letter: Letter;
  readonly replayed: boolean;
  /** Null: nobody asked, or its pipeline is not in the project. */
  readonly verdict: Verdict | null;
}

const replayLetters: Action<ReplayOptions> = async (context, [topic, ...places], options) => {
  const plans = await plansIfAny(context);
  const backend = await openExistingBackend(context, options, loadProjectFile(context));
  try {
    const { log } = backend;
    await findTopic(log, topic);
    const letters = await selectLetters(log, topic, places, options);
    if (letters.length === 0) throw nothing(topic, places, options);
    const judged = await judge(backend, plans, letters, options.dryRun === true || options.onlyReadable === true);
    const chosen = judged.filter(({ replayed, verdict }) => !replayed && (options.onlyReadable !== true || verdict?.outcome === 'read'));
    warnOfReaders(context, plans, chosen);
    const sent = options.dryRun === true ? 0 : await replay(log, chosen.map(({ letter }) => letter)); // prettier-ignore
    const summary = {
      selected: letters.length,
      replayedBefore: judged.filter(({ replayed }) => replayed).length,
      [options.dryRun === true ? 'wouldSend' : 'sent']: options.dryRun === true ? chosen.length : sent,
    };
    if (options.json === true) {
      const partitions = await partitionsOf(backend, letters);
      const out = new NdjsonWriter(context.stdout, 'dlq replay');
      if (options.dryRun === true) for (const each of judged) out.write(judgedJson(each, chosen.includes(each), partitions));
      out.write({ summary });
    } else context.stdout.write(`${(await replayLines(backend, judged, chosen, sent, options.dryRun === true)).join('\n')}\n`);
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

async function judge({ log, registry }: Backend, plans: readonly Plan[], letters: readonly Letter[], asked: boolean): Promise<Judged[]> {
  const replayed = await Replayed.read(log);
  const readers = new Map<string, ReadAgain | null>();
  const judged: Judged[] = [];
  for (const letter of letters) {
    let reader = readers.get(letter.pipeline);
    if (reader === undefined) {
      const plan = asked ? plans.find(({ pipeline }) => pipeline === letter.pipeline) : undefined;
      reader = plan === undefined ? null : await ReadAgain.open(plan, compileStage, registry);
      readers.set(letter.pipeline, reader);
    }
    judged.push({ letter, replayed: replayed.has(letter), verdict: reader === null ? null : await reader.judge(letter) });
  }
  return judged;
}

function warnOfReaders({ stderr }: CliContext, plans: readonly Plan[], chosen: readonly Judged[]): void {
  const said = new Set<string>();
  for (const { letter } of chosen)
    for (const { pipeline, sources } of plans) {
      const { topic } = letter.source;
      if (pipeline === letter.pipeline || said.has(`${topic} ${pipeline}`) || !sources.some((source) => source.topic === topic)) continue;
      said.add(`${topic} ${pipeline}`);
      stderr.write(`warning: ${topic} is read by ${pipeline} too, which gets these records once more\n`);
    }
}

async function partitionsOf({ log }: Backend, letters: readonly Letter[]): Promise<ReadonlyMap<string, number>> {
  const topics = new Set(letters.map(({ source }) => source.topic));
  return new Map((await log.topics()).flatMap(({ name, partitions }) => (topics.has(name) ? [[name, partitions] as const] : [])));
}

function judgedJson({ letter, replayed, verdict }: Judged, chosen: boolean, partitions: ReadonlyMap<string, number>) {
  const { topic, partition, offset, pipeline, reason, source } = letter;
  const to = partitions.get(source.topic);
  return {
    topic,
    partition,
    offset,
    pipeline,
    reason,
    to: to === undefined ? null : { topic: source.topic, partition: targetPartition(letter, to) },
    replayed,
    now: verdict,
    wouldSend: chosen,
  };
}

async function replayLines(
  backend: Backend,
  judged: readonly Judged[],
  chosen: readonly Judged[],
  sent: number,
  dry: boolean,
): Promise<string[]> {
  const before = judged.filter(({ replayed }) => replayed).length;
  const left = before === 0 ? '' : `; ${count(before)} replayed before`;
  if (!dry) return [`${count(sent)} of ${count(judged.length)} sent${left}`];
  const partitions = await partitionsOf(backend, judged.map(({ letter }) => letter)); // prettier-ignore
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
