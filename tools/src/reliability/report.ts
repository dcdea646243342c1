/**
 * What the reliability tests have to say. Each says its figure with `reportFigure`; one of a long run (`pnpm test:long`) is kept in
 * `test/reliability/<row>.json`, from which `pnpm generate` makes the table in `docs/reliability.md`. With `KEEP_FIGURES=1` that of a fast
 * run is kept too, for a row that has none of a long one.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { RELIABILITY_ROWS, type ReliabilityRowId } from './rows.js';

const RESULTS = join(import.meta.dirname, '../../../test/reliability');

/** Whether the tests run their long forms: `LONG=1`. */
export const LONG = process.env['LONG'] === '1';

/** A figure as it is kept. */
interface KeptFigure {
  readonly figure: string;
  readonly form: 'fast' | 'long';
  /** The day of the run, UTC. */
  readonly date: string;
  readonly machine: string;
  /** What repeats it. */
  readonly command: string;
}

/** Prints a figure, and keeps it as this file says. Called when everything that it says has been checked. */
export function reportFigure(row: ReliabilityRowId, figure: string): void {
  console.info(`reliability, ${RELIABILITY_ROWS[row].topic}: ${figure}`);
  if (!LONG && (process.env['KEEP_FIGURES'] !== '1' || keptFigure(row)?.form === 'long')) return;
  const kept: KeptFigure = {
    figure,
    form: LONG ? 'long' : 'fast',
    date: new Date().toISOString().slice(0, 10),
    machine: `${availableParallelism()} cores`,
    command: `pnpm ${LONG ? 'test:long' : 'test'} ${RELIABILITY_ROWS[row].test}`,
  };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${row}.json`), `${JSON.stringify(kept, null, 2)}\n`);
}

/** Null where none is kept. */
export function keptFigure(row: ReliabilityRowId): KeptFigure | null {
  try {
    return JSON.parse(readFileSync(join(RESULTS, `${row}.json`), 'utf8')) as KeptFigure;
  } catch {
    return null;
  }
}
