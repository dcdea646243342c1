import type { Span } from '../diagnostics/diagnostic.js';
import type { ErrorPolicy, LatePolicy, TopicDeclaration } from '../plan/plan.js';
import type { SchemaChangePolicy } from '../plan/schema-change.js';
import type { StoreKind } from '../plan/store-sink.js';
import type { YamlEntry, YamlMap, YamlNode, YamlScalar } from '../yaml/node.js';
import type { Spanned } from '../yaml/read.js';

/**
 * A pipeline file as written, with places: settings are read and their variables resolved; names are not resolved and expressions are
 * still YAML nodes.
 */
export interface PipelineAst {
  /** The place of the whole: its first key. */
  readonly span: Span;
  readonly name: Spanned<string> | null;
  readonly sources: readonly SourceRefAst[];
  /** The linear form is one stream without a name. */
  readonly streams: readonly StreamAst[];
  readonly sinks: readonly SinkAst[];
  /** Whether there is `sink` or `sinks`, even with nothing usable in it, or a misspelt one. */
  readonly saysSink: boolean;
  readonly late: Spanned<LatePolicy> | null;
  readonly errors: Spanned<ErrorPolicy> | null;
  readonly standby: number | null;
  readonly topics: readonly TopicDeclaration[];
  readonly boards: readonly BoardAst[];
  readonly alerts: readonly AlertAst[];
  readonly tests: readonly TestAst[];
  /** Keys that are probably there, but misspelt: that they are missing is not said again. */
  readonly misspelt: ReadonlySet<string>;
}

/** A source that the pipeline names: one of `rta.yaml`, or its own. */
export type SourceRefAst =
  { readonly kind: 'shared'; readonly name: Spanned<string> } | { readonly kind: 'own'; readonly source: SourceAst };

export interface AlertAst {
  readonly name: string;
  readonly span: Span;
  readonly from: Spanned<string> | null;
  readonly when: YamlNode | null;
  readonly forMs: Spanned<number> | null;
  readonly keepFiringMs: Spanned<number> | null;
  readonly noDataMs: Spanned<number> | null;
  readonly notify: readonly Spanned<string>[];
}

/** A source as declared, in the pipeline or in `rta.yaml`. */
export interface SourceAst {
  readonly name: string;
  readonly span: Span;
  readonly topic: Spanned<string> | null;
  readonly kind: 'stream' | 'table';
  readonly kindSpan: Span;
  readonly key: YamlNode | null;
  readonly schema: Spanned<string> | null;
  readonly valueFormat: Spanned<string> | null;
  readonly keyFormat: Spanned<string> | null;
  readonly time: YamlNode | null;
  readonly latenessMs: number | null;
  readonly idleMs: number | null;
  readonly maxAheadMs: number | null;
  readonly maxDriftMs: number | null;
  readonly start: 'earliest' | 'latest' | null;
  readonly onIncompatibleSchemaChange: Spanned<SchemaChangePolicy> | null;
}

export interface StreamAst {
  /** Null in the linear form. */
  readonly name: string | null;
  readonly span: Span;
  readonly from: Spanned<string> | null;
  /** `from: [a, b]`: the streams that it merges. */
  readonly union: readonly Spanned<string>[] | null;
  readonly steps: readonly YamlMap[];
}

export interface SinkAst {
  /** Null for `sink:`. */
  readonly name: string | null;
  readonly span: Span;
  readonly from: Spanned<string> | null;
  readonly topic: Spanned<string> | null;
  /** Of what it says of a store: the settings that name one, in their order. */
  readonly stores: readonly StoreAst[];
  readonly ttlMs: Spanned<number> | null;
  readonly rollups: readonly RollupAst[];
  readonly key: readonly YamlScalar[] | null;
  readonly valueFormat: Spanned<string> | null;
  readonly keyFormat: Spanned<string> | null;
  readonly notYet: readonly YamlEntry[];
  /** Whether it says where it goes, even if that cannot be read, or has an unknown key that may be meant as that. */
  readonly saysTarget: boolean;
}

/** `table: name`, `webhook: url`, `clickhouse: name`. */
export interface StoreAst {
  readonly kind: StoreKind;
  readonly keySpan: Span;
  /** A webhook's URL is as written, with its variables. */
  readonly name: Spanned<string>;
  readonly parquet?: ParquetAst;
  readonly webhook?: WebhookAst;
  readonly clickhouse?: ClickhouseAst;
}

/** What `clickhouse:` says beside the table, as written, with variables. */
export type ClickhouseAst = Readonly<Record<'url' | 'database' | 'user' | 'password', Spanned<string> | null>>;

/** One of `rollups:`. */
export interface RollupAst {
  readonly name: string;
  readonly span: Span;
  readonly every: Spanned<number> | null;
  readonly ttlMs: Spanned<number> | null;
  readonly groupBy: YamlEntry | null;
  /** Null: none that can be read. */
  readonly aggregate: YamlMap | null;
}

/** What `parquet:` says beside the path. */
export interface ParquetAst {
  readonly everyMs: number | null;
  readonly rows: number | null;
  readonly size: string | null;
}

/** What `webhook:` says beside the URL; values of headers are as written, with their variables. */
interface WebhookAst {
  readonly headers: readonly { readonly name: Spanned<string>; readonly value: Spanned<string> }[];
  readonly batch: number | null;
  readonly timeoutMs: number | null;
}

export interface BoardAst {
  readonly name: string;
  readonly span: Span;
  readonly from: Spanned<string> | null;
  readonly show: 'ranking' | 'line' | 'funnel' | 'table' | 'number';
  readonly label: Spanned<string> | null;
  readonly value: Spanned<string> | null;
  readonly by: Spanned<string> | null;
  readonly time: Spanned<string> | null;
  readonly total: Spanned<string> | null;
}

export interface TestAst extends TestChecksAst {
  readonly name: string;
  readonly span: Span;
  readonly given: readonly TestTopicAst[];
  readonly until: YamlScalar | null;
  /** The items of `steps`; null: it has none. */
  readonly steps: readonly TestStepAst[] | null;
  /** Keys that do not go with `steps`. */
  readonly besideSteps: readonly YamlEntry[];
}

/** What is asserted at one moment. */
export interface TestChecksAst {
  readonly expect: readonly TestTopicAst[];
  readonly history: readonly TestTopicAst[];
  /** By step. */
  readonly state: readonly TestTopicAst[];
  readonly late: TestTopicAst | null;
  readonly errors: TestTopicAst | null;
}

/** One item of a test's `steps`. */
export interface TestStepAst extends TestChecksAst {
  readonly span: Span;
  /** The keys of the item: one, where it is right. */
  readonly keys: readonly YamlEntry[];
  readonly send: readonly TestTopicAst[];
  readonly advance: YamlScalar | null;
}

/** The rows of one topic or stream. */
export interface TestTopicAst {
  readonly topic: string;
  readonly span: Span;
  readonly rows: YamlNode;
}
