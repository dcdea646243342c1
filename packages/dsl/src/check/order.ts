import type { ExprSource } from '../expression/source.js';
import { spanOf } from '../expression/source.js';
import type { Order } from '../plan/plan.js';
import { definite, isOrdered } from '../types/lattice.js';
import { exprSource, slice, wholeSpan } from '../yaml/expr-source.js';
import { isNull, type YamlNode } from '../yaml/node.js';
import { checkOver } from './expressions.js';
import type { Flow } from './flow.js';
import { messages } from './messages.js';
import type { Session } from './session.js';

/** ORDER: `EXPR [asc | desc] [nulls first | nulls last]`, or a list of these. Null with reports. */
export function readOrder(node: YamlNode, flow: Flow, session: Session): readonly Order[] | null {
  const orders: Order[] = [];
  let complete = true;
  for (const item of node.kind === 'seq' ? node.items : [node]) {
    const order = item.kind === 'scalar' && !isNull(item) ? readOne(exprSource(item), flow, session) : null;
    if (order === null) complete = false;
    else orders.push(order);
  }
  return complete && orders.length > 0 ? orders : null;
}

function readOne(source: ExprSource, flow: Flow, session: Session): Order | null {
  if (/^\w+(\s+(asc|desc))?(\s*,\s*\w+(\s+(asc|desc))?)+$/i.test(source.text.trim())) {
    session.report(messages.badOrder(wholeSpan(source), `several go into a list: \`[${source.text.trim()}]\``));
    return null;
  }
  if (/^-\w+$/.test(source.text.trim())) {
    session.report(messages.badOrder(wholeSpan(source), `write \`${source.text.trim().slice(1)} desc\``));
    return null;
  }
  let text = source.text.trimEnd();
  const nulls = /\snulls\s+(first|last)$/i.exec(text);
  if (nulls !== null) text = text.slice(0, nulls.index).trimEnd();
  const direction = /\s(asc|desc|ascending|descending)$/i.exec(text);
  if (direction !== null) {
    if (!['asc', 'desc'].includes(direction[1])) {
      const span = spanOf(source, direction.index + 1, text.length);
      session.report(messages.badOrder(span, `write \`${direction[1].toLowerCase().startsWith('asc') ? 'asc' : 'desc'}\``));
      return null;
    }
    text = text.slice(0, direction.index).trimEnd();
  }
  const expr = checkOver(flow, slice(source, 0, text.length), session);
  if (expr === null) return null;
  if (!isOrdered(definite(expr.type))) {
    session.report(messages.notOrdered(expr.span, expr.type));
    return null;
  }
  return { expr, descending: direction?.[1] === 'desc', nullsFirst: nulls?.[1].toLowerCase() === 'first' };
}
