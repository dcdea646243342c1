/** Pipelines and events as short text, for counter-examples that can be read. */
import type { Accumulator, Transform, Type, TypedExpr } from '@rta/dsl';
import type { Event } from './events.js';
import type { StepSpec } from './plan-builder.js';

function showExpr(expr: TypedExpr): string {
  switch (expr.kind) {
    case 'literal':
      return typeof expr.value === 'string' ? JSON.stringify(expr.value) : `${expr.value as number}`;
    case 'column':
    case 'meta':
      return expr.name;
    case 'accumulator':
      return `#${expr.index}`;
    case 'cast':
      return showExpr(expr.operand);
    case 'call':
      return `${expr.fn}(${expr.args.map(showExpr).join(', ')})`;
    case 'binary':
      return `(${showExpr(expr.left)} ${expr.op} ${showExpr(expr.right)})`;
    default:
      return expr.kind;
  }
}

export function showStep({ id, input, transform }: StepSpec): string {
  return `${id} <- ${input}: ${showTransform(transform)}`;
}

function argumentsOf({ arg, by, limit, fraction }: Accumulator): string {
  return [arg && showExpr(arg), by && showExpr(by), limit, fraction].filter((part) => part !== null && part !== undefined).join(', ');
}

function showTransform(transform: Transform): string {
  switch (transform.type) {
    case 'filter':
      return `filter ${showExpr(transform.condition)}`;
    case 'project':
      return `project ${transform.columns.map((c) => `${c.name}=${showExpr(c.expr)}`).join(', ')}`;
    case 'unnest':
      return `unnest ${transform.column.name}=${showExpr(transform.array)}`;
    case 'fold': {
      const { group, window, ttlMs, ordered, emit, accumulators, results } = transform;
      const calls = accumulators.map((a) => `${a.fn}(${argumentsOf(a)})${a.where ? ` where ${showExpr(a.where)}` : ''}`);
      const size = window ? ` window ${Object.values(window).join(' ')}` : '';
      const named = results.map((r) => `${r.name}=${showExpr(r.expr)}`).join(', ');
      return `fold by [${group.map((g) => showExpr(g.expr)).join(', ')}]${size}${ttlMs === null ? '' : ` ttl ${ttlMs}`}${ordered ? ' ordered' : ''} ${emit.mode}: ${calls.join(', ')} => ${named}`;
    }
    case 'over': {
      const { group, ttlMs, accumulators, columns } = transform;
      const calls = accumulators.map(
        ({ fn, arg, where, over: { unit, size, previous } }) =>
          `${fn}(${arg ? showExpr(arg) : ''})${where ? ` where ${showExpr(where)}` : ''} over ${previous ? 'previous ' : ''}${size} ${unit}`,
      );
      const named = columns.filter(({ expr }) => expr.kind !== 'column').map((c) => `${c.name}=${showExpr(c.expr)}`);
      return `over by [${group.map((g) => showExpr(g.expr)).join(', ')}]${ttlMs === null ? '' : ` ttl ${ttlMs}`}: ${calls.join(', ')} => ${named.join(', ')}`;
    }
    case 'alert':
      return 'alert';
    case 'spread':
      return `spread ${transform.column}`;
    case 'join':
      return `${transform.outer} join`;
    case 'rank': {
      const { group, k, by, rank, ties, emit } = transform;
      const order = by.map((o) => `${showExpr(o.expr)}${o.descending ? ' desc' : ''}${o.nullsFirst ? ' nulls first' : ''}`);
      return `rank by [${group.join(', ')}] k=${k} order ${order.join(', ')} rank=${rank}${ties ? ' ties' : ''} ${emit.mode}`;
    }
  }
}

export function showEvents(partitions: readonly (readonly Event[])[]): string {
  return partitions.map((events, p) => `p${p}:\n${events.map((e) => `    ${showEvent(e)}`).join('\n')}`).join('\n  ');
}

function showEvent({ user, team, points, bonus, amount, at }: Event): string {
  return `@${at} ${user} team=${JSON.stringify(team)} points=${points} bonus=${bonus} amount=${Object.is(amount, -0) ? '-0' : amount}`;
}

export function showType(type: Type): string {
  switch (type.kind) {
    case 'nullable':
      return `${showType(type.of)}?`;
    case 'array':
      return `[${showType(type.items)}]`;
    case 'map':
      return `map of ${showType(type.values)}`;
    case 'timestamp':
      return type.unit;
    default:
      return type.kind;
  }
}
