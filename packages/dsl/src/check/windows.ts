import { latePolicy } from '../ast/build.js';
import { DAY_MS } from '../expression/calendar.js';
import { showDuration } from '../expression/duration.js';
import { didYouMean } from '../expression/suggest.js';
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
    case 'cumulate':
      return cumulate(parts, session);
    case 'sliding':
      return sliding(parts, session);
  }
}

function tumbling(parts: WindowParts, session: Session): WindowSpec | 'broken' {
  const { size, everyEntry, common } = parts;
  if (everyEntry !== null) {
    const help = `write \`{ hopping: ${showDuration(size.value)}, every: … }\``;
    session.report(messages.windowSize(everyEntry.keySpan, 'a tumbling window has no `every`', help));
    return 'broken';
  }
  const zone = readZone(parts, [size], session);
  return zone === 'broken' ? zone : { kind: 'hopping', sizeMs: size.value, advanceMs: size.value, zone: zone.name, ...common };
}

function hopping(parts: WindowParts, session: Session): WindowSpec | 'broken' {
  const every = readEvery(parts, 'a hopping window', 'with a longer `every`, records would fall between the windows', session);
  if (every === 'broken') return every;
  const zone = readZone(parts, [every], session);
  return zone === 'broken' ? zone : { kind: 'hopping', sizeMs: parts.size.value, advanceMs: every.value, zone: zone.name, ...parts.common };
}

function cumulate(parts: WindowParts, session: Session): WindowSpec | 'broken' {
  const every = readEvery(parts, 'a cumulate window', 'it is the step by which the windows grow', session);
  if (every === 'broken') return every;
  const zone = readZone(parts, [parts.size, every], session);
  return zone === 'broken' ? zone : { kind: 'cumulate', sizeMs: parts.size.value, stepMs: every.value, zone: zone.name, ...parts.common };
}

function readEvery({ kindEntry, size, every }: WindowParts, what: string, why: string, { report }: Session): Spanned<number> | 'broken' {
  const written = showDuration(size.value);
  if (every === null) {
    report(yamlMessages.missingKey(kindEntry.keySpan, 'every', what, `write \`{ ${kindEntry.key}: ${written}, every: 1m }\``));
    return 'broken';
  }
  if (every.value <= 0 || every.value > size.value) {
    report(messages.windowSize(every.span, '`every` must be longer than 0 and at most the size', why));
    return 'broken';
  }
  if (size.value % every.value !== 0) {
    const message = `\`every\` must divide the size: ${written} is no multiple of ${showDuration(every.value)}`;
    report(messages.windowSize(every.span, message));
    return 'broken';
  }
  return every;
}

/** The time zone, if there is one; `durations` are those that have to fit its days. */
function readZone(
  { zone }: WindowParts,
  durations: readonly Spanned<number>[],
  { read, report }: Session,
): { readonly name: string | null } | 'broken' {
  if (zone === null) return { name: null };
  const name = read.text(zone.value);
  if (name === null) return 'broken';
  if (!isZone(name.value)) {
    const help = didYouMean(name.value, Intl.supportedValuesOf('timeZone')) ?? 'a name such as `Europe/Prague`, or `UTC`';
    report(messages.windowZone(name.span, `there is no time zone \`${name.value}\``, help));
    return 'broken';
  }
  const odd = durations.find(({ value }) => value % DAY_MS !== 0 && DAY_MS % value !== 0);
  if (odd === undefined) return { name: name.value };
  const message = `with a \`zone\`, ${showDuration(odd.value)} must be whole days or a part that divides a day`;
  report(messages.windowZone(odd.span, message, 'such as `1d`, `7d` (from Monday), `6h` or `15m`; without `zone` any duration goes'));
  return 'broken';
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** Ends with each event: nothing aligns it either. */
function sliding({ size, everyEntry, zone, common }: WindowParts, { report }: Session): WindowSpec | 'broken' {
  if (everyEntry !== null) {
    const help = `it ends with each event; windows of that size each so often are \`{ hopping: ${showDuration(size.value)}, every: … }\``;
    report(messages.windowSize(everyEntry.keySpan, 'a sliding window has no `every`', help));
  }
  if (zone !== null) report(messages.windowZone(zone.keySpan, 'a sliding window has no `zone`', 'it ends with each event'));
  return everyEntry !== null || zone !== null ? 'broken' : { kind: 'sliding', sizeMs: size.value, ...common };
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
