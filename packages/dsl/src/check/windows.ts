import { latePolicy } from '../ast/build.js';
import { showDuration } from '../expression/duration.js';
import type { LatePolicy, WindowSpec } from '../plan/plan.js';
import { yamlMessages } from '../yaml/messages.js';
import { entryOf, type YamlEntry, type YamlMap } from '../yaml/node.js';
import type { Spanned } from '../yaml/read.js';
import { messages } from './messages.js';
import type { Session } from './session.js';

const KINDS = ['tumbling', 'hopping', 'sliding', 'session', 'cumulate'] as const;

/** A window that is written in the right form, up to what its kind makes of it. */
interface WindowParts {
  readonly node: YamlMap;
  readonly kindEntry: YamlEntry;
  /** What stands behind the kind; longer than 0. */
  readonly size: Spanned<number>;
  readonly every: Spanned<number> | null;
  readonly everyEntry: YamlEntry | null;
  readonly zone: YamlEntry | null;
  readonly common: { readonly graceMs: number; readonly late: LatePolicy | null };
}

/** Reads a `window` modifier whose form fits its schema. What is wrong is reported. */
export function readWindow(entry: YamlEntry, node: YamlMap, session: Session): WindowSpec | 'broken' {
  const { read, report } = session;
  const kinds = KINDS.filter((kind) => entryOf(node, kind) !== null);
  if (kinds.length !== 1) {
    report(messages.windowKinds(entry.keySpan, kinds));
    return 'broken';
  }
  const kind = kinds[0];
  const size = read.durationAt(node, kind);
  const everyEntry = entryOf(node, 'every');
  const every = read.durationAt(node, 'every');
  const grace = read.durationAt(node, 'grace');
  const late = latePolicy(entryOf(node, 'late'), read);
  if (size === null || (everyEntry !== null && every === null) || (entryOf(node, 'grace') !== null && grace === null)) return 'broken';
  if (size.value <= 0) {
    report(messages.windowSize(size.span, kind === 'session' ? 'the gap must be longer than 0' : 'a window must be longer than 0'));
    return 'broken';
  }
  const parts: WindowParts = {
    node,
    kindEntry: entryOf(node, kind)!,
    size,
    every,
    everyEntry,
    zone: entryOf(node, 'zone'),
    common: { graceMs: grace?.value ?? 0, late: late?.value ?? null },
  };
  switch (kind) {
    case 'tumbling':
      return tumbling(parts, session);
    case 'hopping':
      return hopping(parts, session);
    case 'session':
      return sessionWindow(parts, session);
    case 'sliding':
    case 'cumulate':
      report(messages.notYet(parts.kindEntry.keySpan, `a ${kind} window`, 'tumbling, hopping and session are'));
      return 'broken';
  }
}

function tumbling({ size, everyEntry, zone, common }: WindowParts, { report }: Session): WindowSpec | 'broken' {
  if (zone !== null) report(messages.notYet(zone.keySpan, '`zone`', 'windows are in UTC'));
  if (everyEntry !== null) {
    const help = `write \`{ hopping: ${showDuration(size.value)}, every: … }\``;
    report(messages.windowSize(everyEntry.keySpan, 'a tumbling window has no `every`', help));
    return 'broken';
  }
  return { kind: 'hopping', sizeMs: size.value, advanceMs: size.value, ...common };
}

function hopping({ kindEntry, size, every, zone, common }: WindowParts, { report }: Session): WindowSpec | 'broken' {
  if (zone !== null) report(messages.notYet(zone.keySpan, '`zone`', 'windows are in UTC'));
  if (every === null) {
    const help = `write \`{ hopping: ${showDuration(size.value)}, every: 1m }\``;
    report(yamlMessages.missingKey(kindEntry.keySpan, 'every', 'a hopping window', help));
    return 'broken';
  }
  if (every.value <= 0 || every.value > size.value) {
    const help = 'with a longer `every`, records would fall between the windows';
    report(messages.windowSize(every.span, '`every` must be longer than 0 and at most the size', help));
    return 'broken';
  }
  if (size.value % every.value !== 0) {
    const message = `\`every\` must divide the size: ${showDuration(size.value)} is no multiple of ${showDuration(every.value)}`;
    report(messages.windowSize(every.span, message));
    return 'broken';
  }
  return { kind: 'hopping', sizeMs: size.value, advanceMs: every.value, ...common };
}

/** A session is where its events are: nothing aligns it. */
function sessionWindow({ size, everyEntry, zone, common }: WindowParts, { report }: Session): WindowSpec | 'broken' {
  if (everyEntry !== null) {
    const help = 'it begins with an event; `emit: { every: 10s }` says how often its row is written';
    report(messages.windowSize(everyEntry.keySpan, 'a session window has no `every`', help));
  }
  if (zone !== null) report(messages.windowZone(zone.keySpan, 'a session window has no `zone`', 'it begins with an event, not with a day'));
  return everyEntry !== null || zone !== null ? 'broken' : { kind: 'session', gapMs: size.value, ...common };
}
