import type { Span } from '../diagnostics/diagnostic.js';
import { listing, quote } from '../diagnostics/message.js';
import type { Column, Relation, StepNode } from '../plan/plan.js';
import { definite, isNullable, nullableIf, sameType, showType } from '../types/lattice.js';
import type { Flow } from './flow.js';
import { messages } from './messages.js';
import type { Session } from './session.js';

/** One of the streams of `from: [a, b]`; flow null: it could not be checked. */
export interface UnionInput {
  readonly name: string;
  readonly span: Span;
  readonly flow: Flow | null;
}

/** The union of streams of equal columns, in the order of the first; a column may be null where it may be in one of them. Null with reports. */
export function checkUnion(id: string, inputs: readonly UnionInput[], session: Session): { node: StepNode; flow: Flow } | null {
  const flows: Flow[] = [];
  const seen = new Set<string>();
  let fine = true;
  for (const { name, span, flow } of inputs) {
    if (flow === null) {
      fine = false;
      continue;
    }
    const why = flows.length === 0 ? null : difference(flows[0], flow);
    if (seen.has(name)) session.report(messages.unionTwice(span, name));
    else if (flow.relation.kind === 'table') session.report(messages.unionOfTable(span, name));
    else if (why !== null) session.report(messages.unionColumns(span, name, inputs[0].name, why));
    else {
      seen.add(name);
      flows.push(flow);
      continue;
    }
    fine = false;
  }
  if (!fine || flows.length === 0) return null;
  const [first, ...rest] = flows;
  const output: Relation = {
    kind: 'stream',
    columns: first.relation.columns.flatMap((column) => widened(column, flows)),
    key: rest.every(({ relation }) => relation.key?.join() === first.relation.key?.join()) ? first.relation.key : null,
    windowed: flows.every(({ relation }) => relation.windowed),
  };
  const meta = Object.fromEntries(Object.entries(first.meta).filter(([name]) => rest.every((flow) => Object.hasOwn(flow.meta, name))));
  return {
    node: {
      id,
      verb: 'from',
      name: null,
      input: first.id,
      others: rest.map((flow) => flow.id),
      transforms: [],
      output,
      span: inputs[0].span,
    },
    flow: {
      id,
      relation: output,
      meta,
      unsupported: first.unsupported.filter(({ path }) => rest.every((flow) => flow.unsupported.some((other) => other.path === path))),
      missing: new Set(flows.flatMap((flow) => [...flow.missing])),
      nullsUnknown: flows.some((flow) => flow.nullsUnknown),
      leftBehind: new Set(flows.flatMap((flow) => [...flow.leftBehind])),
      periodic: false,
    },
  };
}

/** The column of a union; nothing where one of the streams lacks it, because of reported errors. */
function widened({ name, type }: Column, flows: readonly Flow[]): readonly Column[] {
  const found = flows.flatMap(({ relation }) => relation.columns.filter((column) => column.name === name));
  if (found.length < flows.length) return [];
  return [
    {
      name,
      type: nullableIf(
        found.some((column) => isNullable(column.type)),
        type,
      ),
    },
  ];
}

/** What keeps two streams from having equal columns, in words; null: nothing that was not reported. */
function difference(a: Flow, b: Flow): string | null {
  const [mine, theirs] = [a, b].map(({ relation }) => new Map(relation.columns.map((column) => [column.name, column.type])));
  const lacking = (of: ReadonlyMap<string, unknown>, from: Flow, from2: ReadonlyMap<string, unknown>): string[] =>
    [...from2.keys()].filter((name) => !of.has(name) && !from.missing.has(name));
  const parts: string[] = [];
  const fewer = lacking(theirs, b, mine);
  const more = lacking(mine, a, theirs);
  if (fewer.length > 0) parts.push(`it has no ${listing(fewer.map(quote), 'or')}`);
  if (more.length > 0) parts.push(`it has ${listing(more.map(quote), 'and')} besides`);
  for (const [name, type] of mine) {
    const other = theirs.get(name);
    if (other !== undefined && !sameType(definite(type), definite(other)))
      parts.push(`${quote(name)} is ${showType(other)} there and ${showType(type)} in the first`);
  }
  return parts.length === 0 ? null : parts.join('; ');
}
