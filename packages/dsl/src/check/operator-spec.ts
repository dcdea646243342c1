import type { Diagnostic, Span } from '../diagnostics/diagnostic.js';
import type { ExprSource } from '../expression/source.js';
import type { TypedExpr } from '../expression/typed.js';
import type {
  Accumulator,
  Column,
  Emit,
  JoinCondition,
  NamedExpr,
  Order,
  OverAccumulator,
  Relation,
  Transform,
  WindowSpec,
} from '../plan/plan.js';
import type { YamlEntry, YamlMap, YamlNode } from '../yaml/node.js';
import type { JsonSchema } from '../yaml/schema.js';

/** What can stand beside a verb, apart from `name` and `note`, which every step can have. */
export type Modifier = 'groupBy' | 'window' | 'emit' | 'ttl';

/**
 * An operator of the language: what it is called, what it takes, what it does to types, and which transforms run it. The compiler, the JSON
 * Schema of the editors, the documentation and the tests are all made from these.
 */
export interface OperatorSpec {
  readonly verb: string;
  readonly modifiers: readonly Modifier[];
  /** One line for lists. */
  readonly summary: string;
  /** Prose for its doc page (Markdown). */
  readonly doc: string;
  /** The JSON Schema of what stands behind the verb. */
  readonly configSchema: JsonSchema;
  readonly example: OperatorExample;
  /** The type rule, and how it runs. Reports what is wrong; null when no output can be given, not even one to go on checking with. */
  check(context: StepContext): StepResult | null;
}

/** A pipeline without its source and sink, with records that go in and rows that come out. Runs as a test. */
export interface OperatorExample {
  /** The `steps` of a pipeline, as YAML: each begins with `- `. */
  readonly steps: string;
  /** The columns of the source: name to type (`string`, `long?`, …); `time` is the event time if there is one. */
  readonly columns: Readonly<Record<string, string>>;
  /** Modules beside the pipeline, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** The items of `given`, as YAML. */
  readonly given: string;
  /** The time that all watermarks are set to after the records, where rows wait for it: `12:01:00`. */
  readonly until?: string;
  /** The items of `expect`, as YAML. */
  readonly expect: string;
}

/** What a step gives. With errors reported, an output is still welcome: the steps after it are then checked too. */
export interface StepResult {
  readonly transforms: readonly Transform[];
  readonly output: Relation;
  /** Columns that should be in the output and are not, because of reported errors: what names them is not reported again. */
  readonly missing?: readonly string[];
  /** Ids of further inputs: the right side of a join. */
  readonly others?: readonly string[];
  /** The step failed in a way that leaves unknown which columns hold no null: nulls are not complained of afterwards. */
  readonly nullsUnknown?: boolean;
}

/** An expression that gives rows for which it is true, and what it proves of columns. */
export interface Condition {
  readonly expr: TypedExpr;
  /** The input's columns with the nulls taken out that the condition rules out. */
  readonly narrowed: readonly Column[];
}

/** Aggregate expressions, as a fold runs them. */
export interface Aggregates {
  readonly accumulators: readonly Accumulator[];
  readonly results: readonly NamedExpr[];
  /** Names of those that failed; reported. */
  readonly failed: readonly string[];
}

/** Expressions of new columns, with the aggregates in them that look back (`over`). */
export interface Derived {
  readonly accumulators: readonly OverAccumulator[];
  /** Null where it failed; reported. */
  readonly exprs: ReadonlyMap<string, TypedExpr | null>;
}

/** What a step's check works with. Methods that give null have reported why. */
export interface StepContext {
  readonly input: Relation;
  /** The input is a table whose rows are given periodically (`emit: every`). */
  readonly periodic: boolean;
  /** What stands behind the verb; fits the operator's `configSchema`. */
  readonly config: YamlNode;
  /** The whole item, and the place of its verb. */
  readonly step: YamlMap;
  readonly verbSpan: Span;
  /** The modifiers. `null` group or `'broken'` window: written, but wrong (and reported). */
  readonly groupBy: readonly NamedExpr[] | null;
  readonly window: WindowSpec | null | 'broken';
  readonly emit: Emit;
  readonly ttlMs: number | null;
  /** The entry of a modifier, for its place. */
  modifier(name: Modifier): YamlEntry | null;

  readonly report: (diagnostic: Diagnostic) => void;
  /** Checks an expression over the input's columns. */
  expression(node: YamlNode | ExprSource): TypedExpr | null;
  /** Checks a boolean expression that is never null. */
  condition(node: YamlNode): Condition | null;
  /** Checks the aggregate expressions of a map from new columns to them; `group` columns can be read beside aggregates. */
  aggregates(config: YamlMap, group: readonly NamedExpr[]): Aggregates;
  /** Checks the expressions of a map from new columns to them, in which aggregates with `over` may stand. */
  derived(config: YamlMap): Derived;
  /** COLS: names, paths and `{ new: expression }`. What failed is left out, its name in `failed` if it has one. */
  columns(node: YamlNode): ReadColumns;
  /** ORDER. */
  order(node: YamlNode): readonly Order[] | null;
  /** The name of an input column at a node, or null with a report. */
  columnName(node: YamlNode): string | null;
  /** Whether a name can be a new column's; reports why not. */
  newName(name: string, span: Span): boolean;
  /** A number or text setting of the config map. */
  setting(key: string): string | null;
  /** A duration of the config map or one in it, ms; null with a report, or without where it is not there. */
  duration(map: YamlNode, key: string): number | null;
  /** The file of a module that the pipeline names. */
  resolveModule(path: string): string;
  /** The right side of a join: what the setting `with` names, called `as` there. */
  joined(): Joined | null;
}

/** The right side of a join. */
export interface Joined {
  readonly id: string;
  readonly name: string;
  readonly relation: Relation;
  /** Whether it is a source as it stands. */
  readonly isSource: boolean;
  /** Columns that should be there and are not, because of reported errors. */
  readonly missing: readonly string[];
  /** The keys of both sides that `on` says. Null with reports. */
  on(node: YamlNode): JoinKeys | null;
  /** COLS over the right columns. */
  columns(node: YamlNode): ReadColumns;
}

/** What must be equal, in pairs of equal types; none of them is ever null, but for left ones where tables are joined. */
export interface JoinKeys {
  readonly left: readonly TypedExpr[];
  readonly right: readonly TypedExpr[];
  /** What else must be true of a match; its right columns are `carried`, called `<name of the right side>.<column>`. */
  readonly condition: JoinCondition | null;
  /** Of two streams: what the condition says of how far apart their rows may be, and what it asks besides. */
  readonly bounds: JoinBounds;
}

/** How much earlier and later than the left row the right one may be, ms; null: the condition does not say it. */
export interface JoinBounds {
  readonly beforeMs: number | null;
  readonly afterMs: number | null;
  readonly condition: JoinCondition | null;
}

/** Columns as COLS writes them. */
export interface ReadColumns {
  readonly columns: readonly NamedColumn[];
  /** Names of those that failed; reported. */
  readonly failed: readonly string[];
  /** False if some failed, even without a name. */
  readonly complete: boolean;
}

export interface NamedColumn extends NamedExpr {
  /** The place of the name. */
  readonly span: Span;
}
