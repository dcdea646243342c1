/**
 * What a process that runs pipelines tells its page. The whole of it (`ConsoleState`) stands in the page and begins each connection to
 * `/console/live`; then come parts of it:
 *
 * ```
 * event: state     data: ConsoleState            first
 * event: boards    data: BoardRows[]             those that have changed, four times a second at most
 * event: figures   data: Figures                 once a second
 * event: alive     data: null                    where nothing else came for half a second
 * ```
 * Times are ms since the epoch; durations ms; rates per second.
 */
export interface ConsoleState {
  /** Another run has other pipelines: the page loads itself again. */
  readonly run: string;
  /** `rta demo` */
  readonly title: string;
  /** Which log. */
  readonly on: string;
  readonly pipelines: readonly PipelineFacts[];
  readonly boards: readonly BoardRows[];
  /** Null: nothing has been measured yet. */
  readonly figures: Figures | null;
  /** By pipeline, oldest first. */
  readonly history: Readonly<Record<string, readonly HistoryPoint[]>>;
}

/** What does not change while it runs. */
export interface PipelineFacts {
  readonly pipeline: string;
  /** Of its file. */
  readonly path: string;
  /** Where late records go. */
  readonly late: string;
  /** Where records go that cannot be processed. */
  readonly errors: string;
  readonly boards: readonly BoardFacts[];
}

export interface BoardFacts {
  readonly id: string;
  readonly name: string;
  /** Where its rows are. */
  readonly topic: string;
  readonly show: 'ranking' | 'line' | 'funnel' | 'table' | 'number';
  /** Columns, by name. */
  readonly label: string | null;
  readonly value: string | null;
  readonly by: string | null;
  /** The column that readers choose a range of time by; null: it shows its rows as they are now. */
  readonly range: string | null;
  readonly columns: readonly ColumnFacts[];
  /** Rows that it has at most; null: not known. */
  readonly places: number | null;
}

export interface ColumnFacts {
  readonly name: string;
  readonly kind: 'number' | 'text' | 'timestamp' | 'date';
}

export type Cell = string | number | boolean | null;

export interface BoardRows {
  readonly id: string;
  readonly asOf: number;
  /** Best first. */
  readonly rows: readonly BoardRow[];
}

export interface BoardRow {
  /** In the order of the columns. */
  readonly cells: readonly Cell[];
  /** It will not change any more. */
  readonly final: boolean;
  /** Of rankings: places up (positive) or down within the last minute. */
  readonly moved: number | 'new' | null;
  /** Of rankings: its values within the last minute, oldest first, the last one now; null: it was not there then. */
  readonly trend: readonly (number | null)[] | null;
}

export interface Figures {
  readonly asOf: number;
  readonly pipelines: readonly PipelineFigures[];
}

export interface PipelineFigures {
  readonly pipeline: string;
  readonly status: string;
  readonly inPerSecond: number;
  readonly outPerSecond: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** Records that are not read yet. */
  readonly lag: number;
  readonly late: number;
  readonly rejected: number;
  readonly rejectedBy: Readonly<Record<string, number>>;
  /** From the event time of the newest record of each batch to its commit, of the latest batches. */
  readonly endToEnd: Quantiles;
  readonly commit: Pick<Quantiles, 'p50' | 'p99'>;
  /** Wall clock minus the least watermark. */
  readonly watermarkDelayMs: number | null;
  readonly lastCommitAt: number | null;
  readonly stateBytes: number;
  readonly stateEntries: number;
  readonly inputs: readonly InputFigures[];
  readonly steps: readonly StepFigures[];
}

export interface Quantiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** A source partition. */
export interface InputFigures {
  readonly topic: string;
  readonly partition: number;
  readonly lag: number;
  /** Null: nothing has been read of it. */
  readonly watermark: number | null;
}

export interface StepFigures {
  readonly id: string;
  readonly label: string;
  readonly inPerSecond: number;
  readonly outPerSecond: number;
  readonly late: number;
  readonly rejected: number;
}

export interface HistoryPoint {
  readonly at: number;
  readonly inPerSecond: number;
  readonly lag: number;
  readonly endToEnd: Quantiles;
}

/** What `/console/topology/PIPELINE` answers: a drawing, and where its figures go. */
export interface TopologyDrawing {
  readonly width: number;
  readonly height: number;
  /** What stands in its `<svg>`. */
  readonly body: string;
  readonly edges: readonly DrawnEdge[];
}

export interface DrawnEdge {
  /** The middle. */
  readonly x: number;
  readonly y: number;
  /** Something is written above it already. */
  readonly isLabelled: boolean;
  /** Whose rows go along it: those that come to a step, or those that it hands on; null: that is not counted. */
  readonly rows: { readonly step: string; readonly side: 'in' | 'out' } | null;
  /** The step that it leads to. */
  readonly to: string | null;
  /** The source topic that it comes from. */
  readonly source: string | null;
  /** For those who do not see it: from what to what. */
  readonly name: string;
}
