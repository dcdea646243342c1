/** The port of a store that answers questions in SQL. */

export interface SqlColumn {
  readonly name: string;
  /** As the store names it: `BIGINT`. */
  readonly type: string;
}

/** Values as JSON has them: times ISO 8601 in UTC, decimals and whole numbers beyond 2^53 text, bytes base64. */
export type SqlRow = readonly unknown[];

export interface SqlQuestion {
  readonly sql: string;
  /** Rows, at most. */
  readonly limit: number;
  /** How long it may take, ms. */
  readonly timeMs: number;
  readonly signal?: AbortSignal;
  /** Given rows as they come, and the columns of them all; false: that is enough. */
  readonly take: (rows: readonly SqlRow[], columns: readonly SqlColumn[]) => boolean;
}

export interface SqlEnd {
  readonly columns: readonly SqlColumn[];
  /** Whether there are rows that were not given. */
  readonly truncated: boolean;
}

export interface SqlStore {
  /** Changes nothing. Rejects with SqlError. */
  ask(question: SqlQuestion): Promise<SqlEnd>;
  /** Copies the table of a sink, or a rollup, as it is at one moment, to a Parquet file, which is the caller's to remove. Rejects with SqlError. */
  copy(table: string): Promise<string>;
}

/** Why a question has no answer: it is wrong or would change something, took too long, or too many others are being answered. */
export class SqlError extends Error {
  override readonly name = 'SqlError';
  constructor(
    readonly code: 'bad_sql' | 'no_table' | 'read_only' | 'too_slow' | 'busy' | 'no_store',
    message: string,
    options?: { readonly cause: unknown },
  ) {
    super(message, options);
  }
}
