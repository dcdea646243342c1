import type { Span } from '../diagnostics/diagnostic.js';
import { listing } from '../diagnostics/message.js';
import { closest } from '../expression/suggest.js';
import type { StepNode } from '../plan/plan.js';
import { TIMESTAMP } from '../types/lattice.js';
import { yamlMessages } from '../yaml/messages.js';
import type { Spanned } from '../yaml/read.js';
import { textOf, type YamlEntry, type YamlMap } from '../yaml/node.js';
import type { Flow } from './flow.js';
import { messages } from './messages.js';
import { readModifiers } from './modifiers.js';
import type { Modifier, OperatorSpec, StepResult } from './operator-spec.js';
import type { Session } from './session.js';
import { makeContext } from './step-context.js';
import { FOREIGN_MODIFIERS, FOREIGN_VERBS, VERBS_NOT_YET } from './vocabulary.js';

const MODIFIERS: readonly Modifier[] = ['groupBy', 'window', 'emit', 'ttl'];

/** What a step says, taken apart: its verb and the entries beside it. */
interface StepParts {
  readonly spec: OperatorSpec;
  readonly verb: YamlEntry;
}

/** A step of the plan and the rows it gives. */
interface CheckedStep {
  readonly node: StepNode;
  readonly flow: Flow;
}

/** Checks the steps of one stream one after the other. `flow: null` when a step failed so that those after it cannot be typed. */
export function checkSteps(
  steps: readonly YamlMap[],
  stream: string | null,
  input: Flow | null,
  session: Session,
  resolve: (from: Spanned<string>) => Flow | null,
): { readonly nodes: readonly StepNode[]; readonly flow: Flow | null } {
  const nodes: StepNode[] = [];
  const ids = new Set<string>();
  // What happens to a table's row has a time, the row has none.
  let flow = input?.relation.kind === 'table' ? { ...input, meta: {} } : input;
  for (const [index, step] of steps.entries()) {
    const parts = takeApart(step, session);
    if (parts === null) {
      flow = null;
      continue;
    }
    const name = stepName(step, session);
    const local = name ?? `${index + 1}-${parts.spec.verb}`;
    const id = stream === null ? local : `${stream}.${local}`;
    if (ids.has(id))
      session.report(messages.sourceTwice(step.entries.find((entry) => entry.key === 'name')!.value.span, 'the step name', local));
    ids.add(id);
    const checked = checkStep(step, parts, id, name, flow, session, resolve);
    if (checked !== null) nodes.push(checked.node);
    flow = checked?.flow ?? null;
  }
  return { nodes, flow };
}

function checkStep(
  step: YamlMap,
  parts: StepParts,
  id: string,
  name: string | null,
  flow: Flow | null,
  session: Session,
  resolve: (from: Spanned<string>) => Flow | null,
): CheckedStep | null {
  const { spec, verb } = parts;
  const place: Span = verb.keySpan;
  const fits = session.configCheck(spec)(verb.value, `\`${spec.verb}\``, place, session.report);
  const modifiersFit = checkModifierShapes(step, spec, session);
  if (!fits || flow === null) return null;
  const modifiers = readModifiers(step, spec, flow, modifiersFit, session);
  const context = makeContext(step, verb, flow, modifiers, session, resolve);
  const result = spec.check(context);
  if (result === null) return null;
  const { output } = result;
  const isFold = result.transforms.some((transform) => transform.type === 'fold');
  const columns = new Set(output.columns.map((column) => column.name));
  const others = result.others === undefined ? {} : { others: result.others };
  const missing = new Set([...flow.missing, ...(result.missing ?? [])].filter((column) => !columns.has(column)));
  return {
    node: { id, verb: spec.verb, name, input: flow.id, ...others, transforms: result.transforms, output, span: place },
    flow: {
      id,
      relation: output,
      meta: metaAfter(flow, result),
      unsupported: isFold ? [] : flow.unsupported,
      missing,
      nullsUnknown: flow.nullsUnknown || result.nullsUnknown === true,
      ...spacingAfter(flow, result),
      leftBehind: isFold
        ? new Set([...flow.relation.columns.map((column) => column.name)].filter((column) => !columns.has(column)))
        : flow.leftBehind,
      periodic: isPeriodic(flow, result),
    },
  };
}

/** How far apart in time the rows are that closed windows give. */
function spacingAfter(flow: Flow, { transforms, output }: StepResult): Pick<Flow, 'spacingMs'> {
  const fold = transforms.find(({ type }) => type === 'fold');
  if (fold?.type === 'fold') {
    const isClosed = output.kind === 'stream' && fold.window?.kind === 'hopping';
    return isClosed ? { spacingMs: fold.window.advanceMs } : {};
  }
  const isOther = transforms.some(({ type }) => type === 'rank' || type === 'join');
  return isOther || flow.spacingMs === undefined ? {} : { spacingMs: flow.spacingMs };
}

/** A closed window's result is a record of its own, at the window's last millisecond; a table's rows have no time. */
function metaAfter(flow: Flow, result: StepResult): Flow['meta'] {
  if (result.output.kind === 'table') return {};
  const isResult = result.transforms.some(({ type }) => type === 'fold' || type === 'rank' || type === 'join' || type === 'over');
  return isResult ? { $time: TIMESTAMP } : flow.meta;
}

/** Filters, projections and boards leave a table as periodic as it is; others give their rows as they change, unless they say `emit: every`. */
function isPeriodic(flow: Flow, { transforms }: StepResult): boolean {
  return transforms.reduce((periodic, transform) => {
    switch (transform.type) {
      case 'fold':
        return transform.emit.mode === 'every';
      case 'rank':
        return periodic || transform.emit.mode === 'every';
      default:
        return periodic && transform.type !== 'join';
    }
  }, flow.periodic);
}

function stepName(step: YamlMap, session: Session): string | null {
  const entry = step.entries.find((candidate) => candidate.key === 'name');
  if (entry === undefined || session.modifierCheck('name')?.(entry.value, '`name`', entry.keySpan, session.report) === false) return null;
  return textOf(entry.value);
}

/** Finds the verb of a step; reports what has no place in it. */
function takeApart(step: YamlMap, session: Session): StepParts | null {
  const { report } = session;
  const specs = new Map(session.operators.map((spec) => [spec.verb, spec]));
  const verbs = [...specs.keys(), ...Object.keys(VERBS_NOT_YET)];
  const found = step.entries.filter((entry) => specs.has(entry.key) || Object.hasOwn(VERBS_NOT_YET, entry.key));
  const modifiers = step.entries.filter((entry) => MODIFIERS.some((modifier) => modifier === entry.key));
  const others = step.entries.filter(
    (entry) => !found.includes(entry) && !modifiers.includes(entry) && !['name', 'note'].includes(entry.key),
  );

  for (const entry of others) reportOther(entry, found.length > 0, verbs, session);
  for (const second of found.slice(1)) report(messages.twoVerbs(second.keySpan, found[0].key, second.key));
  if (found.length === 0) {
    if (others.length === 0) {
      const keys = modifiers.map((entry) => entry.key);
      report(messages.noVerb(step.entries[0]?.keySpan ?? step.span, verbs, keys));
    }
    return null;
  }
  const verb = found[0];
  const spec = specs.get(verb.key);
  if (spec === undefined) {
    report(messages.notYet(verb.keySpan, `\`${verb.key}\``, VERBS_NOT_YET[verb.key]));
    return null;
  }
  return { spec, verb };
}

/** A key that is neither verb nor modifier: a word of another system, a slip of the pen. */
function reportOther(entry: YamlEntry, hasVerb: boolean, verbs: readonly string[], session: Session): void {
  const { key, keySpan } = entry;
  const words = [...verbs, ...MODIFIERS, 'name', 'note'];
  const near = closest(key, words);
  const foreignVerb = Object.hasOwn(FOREIGN_VERBS, key) ? FOREIGN_VERBS[key] : undefined;
  const foreignModifier = Object.hasOwn(FOREIGN_MODIFIERS, key) ? FOREIGN_MODIFIERS[key] : undefined;
  if (foreignModifier !== undefined && (hasVerb || foreignVerb === undefined)) {
    session.report(messages.unknownVerb(keySpan, key, words, `it is called \`${foreignModifier}\` here`));
  } else if (foreignVerb !== undefined) {
    session.report(messages.unknownVerb(keySpan, key, words, foreignVerb));
  } else if (key === 'from') {
    session.report(messages.notYet(keySpan, '`from` as a step', 'a stream under `streams` has `from` beside `steps`'));
  } else if (hasVerb && near === null) {
    session.report(yamlMessages.unknownKey(keySpan, key, [...MODIFIERS, 'name', 'note'], 'a step'));
  } else {
    session.report(messages.unknownVerb(keySpan, key, words));
  }
}

/** Modifiers that the verb has, in their right form. */
function checkModifierShapes(step: YamlMap, spec: OperatorSpec, session: Session): ReadonlySet<string> {
  const fitting = new Set<string>();
  for (const entry of step.entries) {
    const modifier = MODIFIERS.find((candidate) => candidate === entry.key);
    if (modifier === undefined) continue;
    if (!spec.modifiers.includes(modifier)) {
      reportMisplaced(entry, spec, session);
      continue;
    }
    if (session.modifierCheck(modifier)!(entry.value, `\`${modifier}\``, entry.keySpan, session.report)) fitting.add(modifier);
  }
  return fitting;
}

function reportMisplaced(entry: YamlEntry, spec: OperatorSpec, session: Session): void {
  const having = session.operators
    .filter((other) => other.modifiers.some((modifier) => modifier === entry.key))
    .map((other) => `\`${other.verb}\``);
  const help = having.length > 0 ? `it belongs to ${listing(having, 'and')}: each list item is one verb with its own modifiers` : undefined;
  session.report(messages.modifierNotHere(entry.keySpan, entry.key, spec.verb, help));
}
