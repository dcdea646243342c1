import type { Span } from '../diagnostics/diagnostic.js';
import type { Value } from '../types/type.js';

/** A test written in the pipeline's file: records, a time, and what is then expected; or steps of these. */
export interface PipelineTest extends TestAssertions {
  readonly name: string;
  /** In the order written; a record keeps what was written, the source's schema fills the rest. */
  readonly given: readonly TestInput[];
  /** Sets all watermarks to this time (ms) after the records; null: they follow the records. */
  readonly until: number | null;
  /** What it does instead of all that, one after the other. */
  readonly steps?: readonly TestStep[];
  readonly span: Span;
}

/** Records of one source. */
export interface TestInput {
  readonly topic: string;
  readonly records: readonly TestRecord[];
}

/** One item of `steps`. */
export type TestStep =
  | { readonly kind: 'send'; readonly topics: readonly TestInput[]; readonly span: Span }
  /** So much of the wall clock (ms) passes without a record; the watermarks go on only where a source is idle. */
  | { readonly kind: 'pass'; readonly ms: number; readonly span: Span }
  /** All watermarks are set to this time (ms), and the wall clock too, if it is not there yet. */
  | { readonly kind: 'until'; readonly time: number; readonly span: Span }
  | { readonly kind: 'assert'; readonly assertions: TestAssertions; readonly span: Span };

/** What a test asserts at one moment. */
export interface TestAssertions {
  /** What a topic comes to: its rows, in any order. */
  readonly expect: readonly ExpectedRows[];
  /** What was written to a topic (in a script: since it was last asked for), in order. */
  readonly history: readonly ExpectedRows[];
  /** What steps keep, by their ids; in any order. */
  readonly state?: readonly ExpectedState[];
  /** Late records since the beginning, in any order. */
  readonly late?: ExpectedBad;
  /** Records that failed since the beginning, in any order. */
  readonly errors?: ExpectedBad;
}

export interface ExpectedRows {
  readonly topic: string;
  readonly rows: readonly TestRow[];
  readonly span: Span;
}

/** Exactly these, or only how many. */
export type ExpectedBad = ({ readonly rows: readonly TestRow[] } | { readonly count: number }) & { readonly span: Span };
export type ExpectedState = ExpectedBad & { readonly step: string };

export interface TestRecord {
  /** Event time in ms from `$time`, if written. */
  readonly time: number | null;
  /** Values in the source's column types, only those written. */
  readonly values: { readonly [column: string]: Value };
  /** A tombstone: of a table's row only the key is sent. */
  readonly deleted?: true;
  /** Texts that are sent as the bytes of key or value as they are, whatever the columns say. */
  readonly raw?: { readonly key?: string; readonly value?: string };
  readonly span: Span;
}

export interface TestRow {
  /** Only named columns are compared. Doubles carry the digits that were written. */
  readonly values: { readonly [column: string]: { readonly value: Value; readonly digits: number | null } };
  readonly deleted: boolean;
  readonly span: Span;
}
