import type { ScoresInput } from '../scores-input.js';

/** Something to compute that every peer computes of the same topic. */
export interface Workload {
  readonly name: string;
  /** One sentence for the report. */
  readonly description: string;
  /** Distinct keys of the input. */
  readonly users: number;
  /** As pipeline of rta: the part of its YAML after `pipeline:` and `source:`, and before the sink, whose topic is that of the run. */
  readonly steps: string;
  /** What the output topic must hold in the end, computed plainly: rows by `rowKey`. */
  expected(input: ScoresInput): ReadonlyMap<string, number>;
  /** A row as in `expected`: everything of it that must agree but the number, and the number. */
  row(row: Readonly<Record<string, unknown>>): readonly [string, number];
}
