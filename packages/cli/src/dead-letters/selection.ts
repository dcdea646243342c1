/** Which letters a command is about. */
import { InvalidArgumentError, type Command } from 'commander';
import { lettersOf, type Letter, type Log } from '@rta/runtime';
import { UsageError } from '../failure.js';
import { timeOf, wholeNumber } from '../option-values.js';

export interface SelectionOptions {
  readonly reason?: readonly string[];
  readonly step?: string;
  readonly pipeline?: string;
  /** ms */
  readonly since?: number;
  /** ms */
  readonly until?: number;
  readonly late?: boolean;
  readonly limit?: number;
}

/** Adds the options by which letters are selected. */
export function addSelection(command: Command): Command {
  return command
    .option('--reason <reason>', 'only of this reason; may be said several times', collect)
    .option('--step <step>', 'only those that this step refused')
    .option('--since <time>', 'only written at this time or later: 2026-01-31T12:00:00Z', timeOf)
    .option('--until <time>', 'only written before this time', timeOf)
    .option('--late', 'late records, in place of dead letters')
    .option('--limit <n>', 'at most so many, the oldest first', wholeNumber(1));
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  if (value.trim() === '') throw new InvalidArgumentError('It must be a reason, as rta dlq ls shows them.');
  return [...(before ?? []), value];
}

/** Whether a letter is one of those, its number left aside. */
function isSelected(letter: Letter, { reason, step, pipeline, since, until, late }: SelectionOptions): boolean {
  return (
    (letter.reason === 'late') === (late === true) &&
    (reason === undefined || reason.includes(letter.reason)) &&
    (step === undefined || step === letter.step) &&
    (pipeline === undefined || pipeline === letter.pipeline) &&
    (since === undefined || letter.at >= since) &&
    (until === undefined || letter.at < until)
  );
}

interface Place {
  readonly partition: number;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** `2@17`, `2@17-30` (both included), `2@17-`, `2`. */
function placeOf(text: string): Place {
  const [, partition, from, dash, to] = /^(\d{1,9})(?:@(\d{1,15})(?:(-)(\d{1,15})?)?)?$/.exec(text) ?? [];
  if (partition === undefined)
    throw new UsageError(`${text}: letters are named as partition@offset, partition@from-to, or by the partition alone`);
  const first = from === undefined ? 0 : Number(from);
  const end = from === undefined || (dash !== undefined && to === undefined) ? Infinity : Number(to ?? from) + 1;
  return { partition: Number(partition), from: first, to: end };
}

/**
 * Letters of a topic at these places (none: everywhere) that the options select, by partition and offset.
 *
 * Rejects with UsageError for a place that is none, and LogError
 */
export async function selectLetters(log: Log, topic: string, places: readonly string[], options: SelectionOptions): Promise<Letter[]> {
  const wanted = places.map(placeOf);
  const found: Letter[] = [];
  const range = (partition: number): { from: number; to: number } | null => {
    if (wanted.length === 0) return { from: 0, to: Infinity };
    const own = wanted.filter((place) => place.partition === partition);
    return own.length === 0 ? null : { from: Math.min(...own.map(({ from }) => from)), to: Math.max(...own.map(({ to }) => to)) };
  };
  const isAt = ({ partition, offset }: Letter): boolean =>
    wanted.length === 0 || wanted.some((place) => place.partition === partition && offset >= place.from && offset < place.to);
  for await (const letter of lettersOf(log, topic, range)) if (isAt(letter) && isSelected(letter, options)) found.push(letter);
  // The oldest first, over all partitions; within one, offsets rule.
  if (options.limit === undefined || found.length <= options.limit) return found;
  const oldest = new Set([...found].sort((a, b) => a.at - b.at).slice(0, options.limit));
  return found.filter((letter) => oldest.has(letter));
}
