/** What `/console/provenance?pipeline=…&board=…` answers: what the rows of a board are made of, and where the file says so. */
export interface Provenance {
  /** ms since the epoch */
  readonly asOf: number;
  /** Where the rows are. */
  readonly topic: string;
  /** From the sources to the sink. */
  readonly steps: readonly ProvenanceStep[];
  /** The window that rows are of: `tumbling 1m`; of those without, how long they are kept: `ttl 1h`; null: neither. */
  readonly window: string | null;
  /** What was committed when the rows were made, by source partition. */
  readonly inputs: readonly ProvenanceInput[];
}

export interface ProvenanceStep {
  /** `groupBy`, `sink`, … */
  readonly verb: string;
  /** As the pipeline names its file, and the line that it begins at, from 1. */
  readonly path: string;
  readonly line: number;
  /** Its lines in the file, as they are there. */
  readonly lines: readonly string[];
  /** Columns whose values it says, and the line that does. */
  readonly columns: readonly { readonly name: string; readonly says: string; readonly line: number }[];
}

/** Offsets from `from` up to, and not with, `to`. */
export interface ProvenanceInput {
  readonly topic: string;
  readonly partition: number;
  /** The first that is kept. */
  readonly from: number;
  /** Null: nothing is committed yet. */
  readonly to: number | null;
  /** ms since the epoch; null: not known. */
  readonly watermark: number | null;
}
