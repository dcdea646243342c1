import type { Plan } from '@rta/dsl';
import { deadLetterTopics, LogError, Replayed, type Letter, type Log } from '@rta/runtime';
import type { AskedOfLog } from '../asked-of-log.js';
import { RecordDecoder } from '../lookups/decode-record.js';
import { countJson, LetterCounts } from '../lookups/letter-counts.js';
import { letterJson } from '../lookups/letter-json.js';
import { lettersAt } from '../lookups/select-letters.js';

interface LettersAsked {
  readonly reason?: string;
  readonly step?: string;
  /** ms */
  readonly since: number;
  /** ms, exclusive */
  readonly until: number;
  readonly limit: number;
}

/** Offsets of each partition that are looked at in one go, the newest first; and for how long that goes on, ms. */
const STRIDE = 10_000;
const PATIENCE_MS = 2_000;

/**
 * Counts of all letters of a pipeline, and the newest of those asked for in full. `complete` is false where there was no time for all: then both are of
 * the newest only. Rejects with LogError and RegistryError.
 */
export async function latestLetters({ log, registry }: AskedOfLog, plan: Plan, asked: LettersAsked): Promise<object> {
  const time = Date.now();
  const deadline = performance.now() + PATIENCE_MS;
  const topics = [...deadLetterTopics(plan)].sort();
  const replayed = await Replayed.read(log);
  const counts = new LetterCounts();
  const newest: Letter[] = [];
  let complete = true;
  for (const topic of topics)
    for await (const stride of strides(log, topic)) {
      if (performance.now() > deadline) {
        complete = false;
        break;
      }
      for (const letter of stride) {
        if (letter.pipeline !== plan.pipeline || letter.at < asked.since || letter.at >= asked.until) continue;
        counts.add(letter, replayed.has(letter));
        if ((asked.reason ?? letter.reason) === letter.reason && (asked.step ?? letter.step) === letter.step) newest.push(letter);
      }
      newest.sort((a, b) => b.at - a.at || b.offset - a.offset);
      newest.splice(asked.limit);
    }
  const decoder = new RecordDecoder(registry);
  return {
    pipeline: plan.pipeline,
    asOf: new Date(time).toISOString(),
    complete,
    topics,
    counts: counts.all().map(countJson),
    letters: await Promise.all(newest.map((letter) => letterJson(letter, replayed.has(letter), decoder))),
  };
}

/** The letters of a topic, the newest offsets of all its partitions first; a topic that does not exist has none. */
async function* strides(log: Log, topic: string): AsyncGenerator<Letter[], void, undefined> {
  const offsets = await log.offsets(topic).catch((error: unknown) => {
    if (error instanceof LogError && error.code === 'unknown_topic') return [];
    throw error;
  });
  for (let back = 0; ; back += STRIDE) {
    const places = offsets
      .map(({ partition, low, stable }) => ({ partition, from: Math.max(low, stable - back - STRIDE), to: stable - back }))
      .filter(({ from, to }) => from < to);
    if (places.length === 0) return;
    const found: Letter[] = [];
    for await (const letter of lettersAt(log, topic, places)) found.push(letter);
    yield found;
  }
}
