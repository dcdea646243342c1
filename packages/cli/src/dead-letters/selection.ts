/** Which letters a command is about. */
import { InvalidArgumentError, type Command } from 'commander';
import { letterPlace, type LetterFilter, type LetterPlace } from '@rta/serve/lookups';
import { UsageError } from '../failure.js';
import { timeOf, wholeNumber } from '../option-values.js';

/** Adds the options by which letters are selected: those of a `LetterFilter`. */
export function addSelection(command: Command): Command {
  return command
    .option('--reason <reason>', 'only of this reason; may be said several times', collect)
    .option('--step <step>', 'only those that this step refused')
    .option('--since <time>', 'only written at this time or later: 2026-01-31T12:00:00Z', timeOf)
    .option('--until <time>', 'only written before this time', timeOf)
    .option('--late', 'late records, in place of dead letters')
    .option('--limit <n>', 'at most so many, the oldest first', wholeNumber(1));
}

export type SelectionOptions = LetterFilter;

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  if (value.trim() === '') throw new InvalidArgumentError('It must be a reason, as rta dlq ls shows them.');
  return [...(before ?? []), value];
}

/** @throws UsageError for a place that is none */
export function placesOf(texts: readonly string[]): readonly LetterPlace[] {
  return texts.map((text) => {
    const place = letterPlace(text);
    if (place !== null) return place;
    throw new UsageError(`${text}: letters are named as partition@offset, partition@from-to, or by the partition alone`);
  });
}
