/** What would become of letters if they were replayed now. */
import type { Plan } from '@rta/dsl';
import type { SchemaRegistry } from '@rta/registry';
import { compileStage, ReadAgain, Replayed, targetPartition, type Letter, type Log, type Verdict } from '@rta/runtime';

export interface JudgedLetter {
  readonly letter: Letter;
  readonly replayed: boolean;
  /** Null: nobody asked, or its pipeline is none of those. */
  readonly verdict: Verdict | null;
}

interface JudgeSource {
  readonly log: Log;
  readonly registry: SchemaRegistry;
}

/** @param asked whether the pipelines are to say if they could read them. Rejects with LogError, RegistryError and PipelineError. */
export async function judgeLetters(
  { log, registry }: JudgeSource,
  plans: readonly Plan[],
  letters: readonly Letter[],
  asked: boolean,
): Promise<JudgedLetter[]> {
  const replayed = await Replayed.read(log);
  const readers = new Map<string, ReadAgain | null>();
  const judged: JudgedLetter[] = [];
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

/** Those that a replay sends: what was replayed before is not sent again. */
export function toBeSent(judged: readonly JudgedLetter[], onlyReadable: boolean): readonly JudgedLetter[] {
  return judged.filter(({ replayed, verdict }) => !replayed && (!onlyReadable || verdict?.outcome === 'read'));
}

/** Pipelines that read the topics of these letters' records without being whose letters they are: they get them once more. */
export function otherReaders(
  plans: readonly Plan[],
  chosen: readonly JudgedLetter[],
): readonly { readonly topic: string; readonly pipeline: string }[] {
  const found = new Map<string, { readonly topic: string; readonly pipeline: string }>();
  for (const { letter } of chosen)
    for (const { pipeline, sources } of plans) {
      const { topic } = letter.source;
      if (pipeline !== letter.pipeline && sources.some((source) => source.topic === topic))
        found.set(`${topic} ${pipeline}`, { topic, pipeline });
    }
  return [...found.values()];
}

/** How many partitions the topics have that the letters' records came from; those that do not exist any more are left out. */
export async function sourcePartitions(log: Log, letters: readonly Letter[]): Promise<ReadonlyMap<string, number>> {
  const topics = new Set(letters.map(({ source }) => source.topic));
  return new Map((await log.topics()).flatMap(({ name, partitions }) => (topics.has(name) ? [[name, partitions] as const] : [])));
}

export function judgedJson(
  { letter, replayed, verdict }: JudgedLetter,
  wouldSend: boolean,
  partitions: ReadonlyMap<string, number>,
): Readonly<Record<string, unknown>> {
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
    wouldSend,
  };
}
