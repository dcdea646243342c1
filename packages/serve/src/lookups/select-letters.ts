/** Which letters are meant. */
import { lettersOf, type Letter, type Log } from '@rta/runtime';

export interface LetterFilter {
  readonly reason?: readonly string[];
  readonly step?: string;
  readonly pipeline?: string;
  /** ms */
  readonly since?: number;
  /** ms */
  readonly until?: number;
  /** Late records in place of dead letters. */
  readonly late?: boolean;
  /** At most so many, the oldest first. */
  readonly limit?: number;
}

/** Offsets of a partition. */
export interface LetterPlace {
  readonly partition: number;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** `2@17`, `2@17-30` (both included), `2@17-`, `2`; null for what is none. */
export function letterPlace(text: string): LetterPlace | null {
  const [, partition, from, dash, to] = /^(\d{1,9})(?:@(\d{1,15})(?:(-)(\d{1,15})?)?)?$/.exec(text) ?? [];
  if (partition === undefined) return null;
  const first = from === undefined ? 0 : Number(from);
  const end = from === undefined || (dash !== undefined && to === undefined) ? Infinity : Number(to ?? from) + 1;
  return { partition: Number(partition), from: first, to: end };
}

/** Whether a letter is one of those, its number left aside. */
function isSelected(letter: Letter, { reason, step, pipeline, since, until, late }: LetterFilter): boolean {
  return (
    (letter.reason === 'late') === (late === true) &&
    (reason === undefined || reason.includes(letter.reason)) &&
    (step === undefined || step === letter.step) &&
    (pipeline === undefined || pipeline === letter.pipeline) &&
    (since === undefined || letter.at >= since) &&
    (until === undefined || letter.at < until)
  );
}

/** Letters of a topic at these places (none: everywhere) that pass the filter, by partition and offset. Rejects with LogError. */
export async function selectLetters(log: Log, topic: string, places: readonly LetterPlace[], filter: LetterFilter): Promise<Letter[]> {
  const found: Letter[] = [];
  for await (const letter of lettersAt(log, topic, places)) if (isSelected(letter, filter)) found.push(letter);
  // The oldest first, over all partitions; within one, offsets rule.
  if (filter.limit === undefined || found.length <= filter.limit) return found;
  const oldest = new Set([...found].sort((a, b) => a.at - b.at).slice(0, filter.limit));
  return found.filter((letter) => oldest.has(letter));
}

/** Letters of a topic at these places (none: everywhere), by partition and offset. Rejects with LogError. */
export async function* lettersAt(log: Log, topic: string, places: readonly LetterPlace[]): AsyncGenerator<Letter, void, undefined> {
  const range = (partition: number): { from: number; to: number } | null => {
    if (places.length === 0) return { from: 0, to: Infinity };
    const own = places.filter((place) => place.partition === partition);
    return own.length === 0 ? null : { from: Math.min(...own.map(({ from }) => from)), to: Math.max(...own.map(({ to }) => to)) };
  };
  const isAt = ({ partition, offset }: Letter): boolean =>
    places.length === 0 || places.some((place) => place.partition === partition && offset >= place.from && offset < place.to);
  for await (const letter of lettersOf(log, topic, range)) if (isAt(letter)) yield letter;
}
