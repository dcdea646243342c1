import { type Accumulator, definite, type Type, type TypedExpr } from '@rta/dsl';
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
      for (const name of wantedOfIt) wanted.add(name);
      columnsOf(node.transform.condition, wanted);
      break;
    case 'project':
      // What may fail is computed whether or not anyone needs it: it decides whether there is a row.
      for (const { name, expr } of node.transform.columns) if (wantedOfIt.has(name) || mayThrow(expr)) columnsOf(expr, wanted);
      break;
    case 'unnest':
      for (const name of wantedOfIt) if (name !== node.transform.column.name) wanted.add(name);
      columnsOf(node.transform.array, wanted);
      break;
    case 'fold':
      for (const group of node.transform.group) columnsOf(group.expr, wanted);
      if (node.transform.closes) columnsOf(node.transform.closes, wanted);
      for (const accumulator of node.transform.accumulators) {
        for (const expr of expressionsOf(accumulator)) columnsOf(expr, wanted);
        for (const name of columnsKept(accumulator)) wanted.add(name);
      }
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
