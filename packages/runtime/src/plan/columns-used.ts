import {
  type Accumulator,
  definite,
  type FilterTransform,
  type FoldTransform,
  type NamedExpr,
  type OverTransform,
  type ProjectTransform,
  type Type,
  type TypedExpr,
  type UnnestTransform,
} from '@rta/dsl';
import { mayThrow } from './may-throw.js';
import { feedsOf, type StageNode } from './physical.js';

/** Names of the input columns that an expression reads. */
export function columnsOf(expr: TypedExpr, into: Set<string> = new Set<string>()): Set<string> {
  switch (expr.kind) {
    case 'column':
      into.add(expr.name);
      break;
    case 'field':
      columnsOf(expr.of, into);
      break;
    case 'index':
      columnsOf(expr.of, into);
      columnsOf(expr.index, into);
      break;
    case 'unary':
    case 'cast':
      columnsOf(expr.operand, into);
      break;
    case 'binary':
      columnsOf(expr.left, into);
      columnsOf(expr.right, into);
      break;
    case 'in':
      columnsOf(expr.operand, into);
      for (const option of expr.options) columnsOf(option, into);
      break;
    case 'call':
      for (const arg of expr.args) columnsOf(arg, into);
      break;
    case 'literal':
    case 'meta':
    case 'accumulator':
      break;
  }
  return into;
}

/** The expressions of an accumulator over the rows that it takes in. */
export function expressionsOf({ arg, by, where, top }: Accumulator): TypedExpr[] {
  return [arg, by, where, ...(top?.by ?? []).map(({ expr }) => expr)].filter((expr) => expr !== null && expr !== undefined);
}

/** The columns that an accumulator keeps as they are. */
export function columnsKept(accumulator: Accumulator): readonly string[] {
  const { fn } = accumulator;
  return fn === 'lastRow' || fn === 'newest' || fn === 'topRows' ? rowTypeOf(accumulator).fields.map(({ name }) => name) : [];
}

type RowType = Extract<Type, { kind: 'record' }>;

/** Of accumulators that keep columns of rows: what is kept of one. */
export function rowTypeOf({ type, top }: Accumulator): RowType {
  const kept = definite(type);
  const row = kept.kind === 'array' ? kept.items : kept;
  if (row.kind !== 'record') throw new Error('a row is a record');
  const rank = top?.rank ?? null;
  return rank === null ? row : { ...row, fields: row.fields.filter(({ name }) => name !== rank) };
}

/** What a transform reads of its input, where so much of what it gives is wanted. */
export function columnsRead(
  transform: FilterTransform | ProjectTransform | UnnestTransform | FoldTransform | OverTransform,
  wanted: ReadonlySet<string>,
): Set<string> {
  const read = new Set<string>();
  switch (transform.type) {
    case 'filter':
      addAll(read, wanted);
      columnsOf(transform.condition, read);
      break;
    case 'unnest':
      for (const name of wanted) if (name !== transform.column.name) read.add(name);
      columnsOf(transform.array, read);
      break;
    case 'project':
      for (const { expr } of columnsGiven(transform.columns, wanted)) columnsOf(expr, read);
      break;
    case 'over':
      for (const { expr } of [...columnsGiven(transform.columns, wanted), ...transform.group]) columnsOf(expr, read);
      readByAccumulators(transform.accumulators, read);
      break;
    case 'fold':
      for (const { expr } of transform.group) columnsOf(expr, read);
      if (transform.closes) columnsOf(transform.closes, read);
      readByAccumulators(transform.accumulators, read);
  }
  return read;
}

/** Those of some columns that are wanted, and what may fail, which is computed whether or not anyone needs it: it decides whether there is a row. */
export function columnsGiven(columns: readonly NamedExpr[], wanted: ReadonlySet<string>): readonly NamedExpr[] {
  return columns.filter(({ name, expr }) => wanted.has(name) || mayThrow(expr));
}

function readByAccumulators(accumulators: readonly Accumulator[], read: Set<string>): void {
  for (const accumulator of accumulators) {
    for (const expr of expressionsOf(accumulator)) columnsOf(expr, read);
    addAll(read, columnsKept(accumulator));
  }
}

/** The columns of input `input` that any node of a stage needs, so that the kernel reads no others. */
export function columnsUsed(nodes: readonly StageNode[], input: number): Set<string> {
  const fromInput = new Set<string>();
  for (const [i, wanted] of columnsWanted(nodes).entries())
    for (const feed of feedsOf(nodes[i])) if ('input' in feed && feed.input === input) addAll(fromInput, wantedOfInput(nodes[i], wanted));
  return fromInput;
}

/** Of each node: the columns of its rows that those behind it need. A backward pass over the tree of nodes. */
export function columnsWanted(nodes: readonly StageNode[]): readonly ReadonlySet<string>[] {
  const wanted = nodes.map(() => new Set<string>());
  for (let i = nodes.length - 1; i >= 0; i--) {
    const ofInput = wantedOfInput(nodes[i], wanted[i]);
    for (const feed of feedsOf(nodes[i])) if ('node' in feed) addAll(wanted[feed.node], ofInput);
  }
  return wanted;
}

function addAll(to: Set<string>, names: Iterable<string>): void {
  for (const name of names) to.add(name);
}

/** What a node wants of its input, given what its own consumers want of it. */
function wantedOfInput(node: StageNode, wantedOfIt: ReadonlySet<string>): Set<string> {
  const wanted = new Set<string>();
  switch (node.op) {
    case 'filter':
    case 'project':
    case 'unnest':
      return columnsRead(node.transform, wantedOfIt);
    case 'fold':
      addAll(wanted, columnsRead(node.transform, wantedOfIt));
      if (node.inputKind === 'table') addAll(wanted, node.inputKey ?? []);
      break;
    case 'refer':
    case 'send':
      if (node.op === 'refer') addAll(wanted, node.inputKey ?? []);
      for (const key of node.transform.key) columnsOf(key, wanted);
      for (const column of node.transform.columns) columnsOf(column.expr, wanted);
      break;
    case 'foreign':
    case 'join':
      break;
    case 'rank':
    case 'over':
    case 'alert':
    case 'spread':
    case 'sink':
      for (const column of node.inputColumns) wanted.add(column.name);
      break;
  }
  return wanted;
}
