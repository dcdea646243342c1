import type { Emit, NamedExpr, WindowSpec } from '../plan/plan.js';
import { definite, isNullable } from '../types/lattice.js';
import { yamlMessages } from '../yaml/messages.js';
import { entryOf, textOf, type YamlEntry, type YamlMap } from '../yaml/node.js';
import { readColumns } from './columns.js';
import type { Flow } from './flow.js';
import { messages } from './messages.js';
import type { Modifier, NamedColumn, OperatorSpec } from './operator-spec.js';
import type { Session } from './session.js';
import { readWindow } from './windows.js';

/** The modifiers of one step as read: see StepContext. */
export interface Modifiers {
  readonly groupBy: readonly NamedExpr[] | null;
  readonly window: WindowSpec | null | 'broken';
  readonly emit: Emit;
  readonly ttlMs: number | null;
}

/** Reads the modifiers whose form was found right (`fitting`); the others count as broken. */
export function readModifiers(step: YamlMap, spec: OperatorSpec, flow: Flow, fitting: ReadonlySet<string>, session: Session): Modifiers {
  const entry = (name: Modifier): YamlEntry | null => (spec.modifiers.includes(name) ? entryOf(step, name) : null);
  const [groupBy, window, emit, ttl] = [entry('groupBy'), entry('window'), entry('emit'), entry('ttl')];
  return {
    groupBy: groupBy === null ? [] : fitting.has('groupBy') ? readGroup(groupBy, flow, session) : null,
    window:
      window === null ? null : fitting.has('window') && window.value.kind === 'map' ? readWindow(window, window.value, session) : 'broken',
    emit: emit === null || !fitting.has('emit') ? { mode: 'updates' } : readEmit(emit, session),
    ttlMs: ttl === null || !fitting.has('ttl') ? null : readTtl(ttl, session),
  };
}

/** The columns of a `groupBy`, none of which may be null; null with reports. */
export function readGroup(entry: YamlEntry, flow: Flow, session: Session): readonly NamedExpr[] | null {
  const { columns, complete } = readColumns(entry.value, flow, session);
  const fine = columns.filter((column) => isGroupable(column, flow, session));
  return complete && fine.length === columns.length ? fine.map(({ name, expr }) => ({ name, expr })) : null;
}

function isGroupable(column: NamedColumn, flow: Flow, session: Session): boolean {
  const { name, expr, span } = column;
  if (['array', 'map', 'record', 'null'].includes(definite(expr.type).kind)) {
    session.report(messages.notAKey(span, name, expr.type));
    return false;
  }
  if (isNullable(expr.type) && !flow.nullsUnknown) {
    session.report(messages.nullableKey(span, name, span.source.text.slice(expr.span.start, expr.span.end)));
    return false;
  }
  return true;
}

function readEmit(entry: YamlEntry, session: Session): Emit {
  const every = session.read.durationAt(entry.value, 'every');
  if (every !== null) {
    if (every.value > 0) return { mode: 'every', everyMs: every.value };
    session.report(yamlMessages.badValue(every.span, '`every`', 'longer than 0'));
  }
  return textOf(entry.value) === 'final' ? { mode: 'final' } : { mode: 'updates' };
}

function readTtl(entry: YamlEntry, session: Session): number | null {
  const ttl = session.read.duration(entry);
  if (ttl === null) return null;
  if (ttl.value > 0) return ttl.value;
  session.report(messages.badTtl(ttl.span));
  return null;
}
