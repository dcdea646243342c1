import { checkColumnExpression } from '../expression/checker.js';
import { parseExpression } from '../expression/parser.js';
import type { TypedExpr } from '../expression/typed.js';
import { unify } from '../expression/unify.js';
import type { Span } from '../diagnostics/diagnostic.js';
import { textOfSpan } from '../diagnostics/position.js';
import { isNullable } from '../types/lattice.js';
import type { JoinCondition } from '../plan/plan.js';
import { exprSource } from '../yaml/expr-source.js';
import { entryOf, textOf, type YamlNode } from '../yaml/node.js';
import type { Spanned } from '../yaml/read.js';
import { readColumns } from './columns.js';
import { checkOver } from './expressions.js';
import { scopeOf, type Flow } from './flow.js';
import { timeBounds } from './join-bounds.js';
import { conditionOf, isKeyType, splitOn, TIME } from './join-condition.js';
import { messages } from './messages.js';
import type { JoinBounds, Joined, JoinKeys } from './operator-spec.js';
import type { Session } from './session.js';

/** The right side of the join that `config` says. Null with a report. */
export function joinedBy(config: YamlNode, left: Flow, resolve: (from: Spanned<string>) => Flow | null, session: Session): Joined | null {
  const named = session.read.textAt(config, 'with');
  const right = named === null ? null : resolve(named);
  if (named === null || right === null) return null;
  const as = session.read.textAt(config, 'as');
  const name = as?.value ?? named.value;
  // What happens to a table's row has a time, the row has none.
  const tables = left.relation.kind === 'table' && right.relation.kind === 'table';
  const taken = tables ? { ...right, meta: {} } : right;
  return {
    id: right.id,
    name,
    relation: right.relation,
    isSource: right.id.startsWith('source.'),
    missing: [...right.missing],
    on: (node) => new JoinOn(left, right, name, as?.span ?? entryOf(config, 'with')!.value.span, session).read(node),
    columns: (node) => readColumns(node, taken, session),
  };
}

type Pair = readonly [left: TypedExpr, right: TypedExpr];

interface On {
  readonly pairs: readonly Pair[];
  readonly condition: JoinCondition | null;
  readonly bounds: JoinBounds;
}

const NO_BOUNDS: JoinBounds = { beforeMs: null, afterMs: null, condition: null };

/** Reads `on`: columns that both sides have, or `left == right.column and …`. */
class JoinOn {
  constructor(
    private readonly left: Flow,
    private readonly right: Flow,
    private readonly name: string,
    private readonly nameSpan: Span,
    private readonly session: Session,
  ) {}

  read(node: YamlNode): JoinKeys | null {
    const on = node.kind === 'scalar' && !/^[\w.]+$/.test(node.text) ? this.expression(node) : this.names(node);
    const keys = on?.pairs.map((pair) => this.key(pair)) ?? [];
    const fine = keys.filter((key) => key !== null);
    if (on === null || fine.length < keys.length) return null;
    return { left: fine.map(([a]) => a), right: fine.map(([, b]) => b), condition: on.condition, bounds: on.bounds };
  }

  /** Columns by name, of both sides. */
  private names(node: YamlNode): On | null {
    const items = node.kind === 'seq' ? node.items : [node];
    const pairs: Pair[] = [];
    for (const item of items) {
      if (item.kind !== 'scalar') {
        this.session.report(messages.joinOn(item.span, 'is none of their columns', this.name));
        continue;
      }
      const [a, b] = [this.left, this.right].map((flow) => checkOver(flow, item, this.session));
      if (a !== null && b !== null) pairs.push([a, b]);
    }
    return pairs.length === items.length ? { pairs, condition: null, bounds: NO_BOUNDS } : null;
  }

  /** A conjunction of equalities and other conditions; the right side's columns are fields of its name. */
  private expression(node: YamlNode): On | null {
    const { left, right, name, session } = this;
    if (left.relation.columns.some((column) => column.name === name)) {
      session.report(messages.joinAlias(this.nameSpan, name));
      return null;
    }
    const time = left.relation.kind === 'stream' && right.relation.kind === 'stream' ? right.meta[TIME] : undefined;
    const fields = [...right.relation.columns, ...(time === undefined ? [] : [{ name: TIME, type: time }])];
    const both = { name, type: { kind: 'record', name, fields } } as const;
    const scope = { ...scopeOf(left), columns: [...left.relation.columns, both] };
    if (node.kind !== 'scalar') return null;
    const { ast, diagnostics } = parseExpression(exprSource(node));
    const checked = ast === null ? null : checkColumnExpression(ast, scope);
    const all = [...diagnostics, ...(checked?.diagnostics ?? [])];
    const named = new Set(textOf(node)?.match(/\w+/g) ?? []);
    if (all.length > 0 && [...left.missing, ...right.missing].some((column) => named.has(column))) return null;
    for (const diagnostic of all) session.report(diagnostic);
    if (!checked?.expr) return null;
    const { keys, others } = splitOn(checked.expr, left, right, name);
    if (keys.length === 0) {
      const wrong = others[0].kind === 'binary' && others[0].op === '==' ? 'does not compare the two sides' : 'is no equality';
      session.report(messages.joinOn(others[0].span, wrong, name));
      return null;
    }
    const condition = conditionOf(others, right, name, session);
    if (condition === undefined) return null;
    const { others: besides, ...bounds } = timeBounds(others, name);
    return { pairs: keys, condition, bounds: { ...bounds, condition: conditionOf(besides, right, name, session) ?? null } };
  }

  /** The pair in one type; null with a report. */
  private key([left, right]: Pair): Pair | null {
    const { report } = this.session;
    const unified = unify([left, right]);
    if ('clash' in unified) {
      report(messages.joinTypes(left.span, textOfSpan(left.span), left.type, right.type));
      return null;
    }
    const [a, b] = unified.exprs;
    if (!isKeyType(unified.type)) {
      report(messages.joinKeyType(left.span, textOfSpan(left.span), unified.type));
      return null;
    }
    let fine = true;
    // A foreign key may refer to nothing.
    const mayBeNull = this.left.relation.kind === 'table' && this.right.relation.kind === 'table';
    for (const [expr, flow, side] of [
      [left, this.left, 'left'],
      [right, this.right, 'right'],
    ] as const) {
      if (!isNullable(expr.type) || (mayBeNull && side === 'left')) continue;
      if (!flow.nullsUnknown) report(messages.nullableJoinKey(expr.span, textOfSpan(expr.span).replace(`${this.name}.`, ''), side));
      fine = false;
    }
    return fine ? [a, b] : null;
  }
}
