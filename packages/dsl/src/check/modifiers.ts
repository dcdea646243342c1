import { latePolicy } from '../ast/build.js';
import { showDuration } from '../expression/duration.js';
import type { Emit, NamedExpr, WindowSpec } from '../plan/plan.js';
import { definite, isNullable } from '../types/lattice.js';
import { yamlMessages } from '../yaml/messages.js';
import { entryOf, textOf, type YamlEntry, type YamlMap } from '../yaml/node.js';
import { readColumns } from './columns.js';
import type { Flow } from './flow.js';
import { messages } from './messages.js';
import type { Modifier, NamedColumn, OperatorSpec } from './operator-spec.js';
import type { Session } from './session.js';

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

function readGroup(entry: YamlEntry, flow: Flow, session: Session): readonly NamedExpr[] | null {
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

const KINDS = ['tumbling', 'hopping', 'sliding', 'session', 'cumulate'] as const;

function readWindow(entry: YamlEntry, node: YamlMap, session: Session): WindowSpec | 'broken' {
  const { read, report } = session;
  const kinds = KINDS.filter((kind) => entryOf(node, kind) !== null);
  if (kinds.length !== 1) {
    report(messages.windowKinds(entry.keySpan, kinds));
    return 'broken';
  }
  const kind = kinds[0];
  const kindEntry = entryOf(node, kind)!;
  const zone = entryOf(node, 'zone');
  if (zone !== null) report(messages.notYet(zone.keySpan, '`zone`', 'windows are in UTC'));
  if (kind !== 'tumbling' && kind !== 'hopping') {
    report(messages.notYet(kindEntry.keySpan, `a ${kind} window`, 'tumbling and hopping are'));
    return 'broken';
  }
  const size = read.durationAt(node, kind);
  const every = read.durationAt(node, 'every');
  const grace = read.durationAt(node, 'grace');
  const late = latePolicy(entryOf(node, 'late'), read);
  const everyEntry = entryOf(node, 'every');
  if (size === null || (everyEntry !== null && every === null) || (entryOf(node, 'grace') !== null && grace === null)) return 'broken';
  if (size.value <= 0) {
    report(messages.windowSize(size.span, 'a window must be longer than 0'));
    return 'broken';
  }
  if (kind === 'tumbling' && everyEntry !== null) {
    report(
      messages.windowSize(
        everyEntry.keySpan,
        'a tumbling window has no `every`',
        `write \`{ hopping: ${showDuration(size.value)}, every: … }\``,
      ),
    );
    return 'broken';
  }
  if (kind === 'hopping') {
    if (every === null) {
      report(
        yamlMessages.missingKey(
          kindEntry.keySpan,
          'every',
          'a hopping window',
          `write \`{ hopping: ${showDuration(size.value)}, every: 1m }\``,
        ),
      );
      return 'broken';
    }
    if (every.value <= 0 || every.value > size.value) {
      report(
        messages.windowSize(
          every.span,
          '`every` must be longer than 0 and at most the size',
          'with a longer `every`, records would fall between the windows',
        ),
      );
      return 'broken';
    }
    if (size.value % every.value !== 0) {
      report(
        messages.windowSize(
          every.span,
          `\`every\` must divide the size: ${showDuration(size.value)} is no multiple of ${showDuration(every.value)}`,
        ),
      );
      return 'broken';
    }
  }
  return { sizeMs: size.value, advanceMs: every?.value ?? size.value, graceMs: grace?.value ?? 0, late: late?.value ?? null };
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
