import { narrowColumns, narrowedBy } from '../expression/scope.js';
import type { Spanned } from '../yaml/read.js';
import { entryOf, textOf, type YamlEntry, type YamlMap } from '../yaml/node.js';
import { isNewName, readColumns } from './columns.js';
import { checkAggregates, checkConditionOver, checkDerived, checkOver } from './expressions.js';
import type { Flow } from './flow.js';
import { messages } from './messages.js';
import type { Modifiers } from './modifiers.js';
import type { StepContext } from './operator-spec.js';
import { readOrder } from './order.js';
import { joinedBy } from './joined.js';
import type { Session } from './session.js';

/** The context that an operator checks one step in. */
export function makeContext(
  step: YamlMap,
  verb: YamlEntry,
  flow: Flow,
  modifiers: Modifiers,
  session: Session,
  resolve: (from: Spanned<string>) => Flow | null,
): StepContext {
  const { relation } = flow;
  const config = verb.value;
  const columnNames = relation.columns.map((column) => column.name);
  return {
    input: relation,
    periodic: flow.periodic,
    config,
    step,
    verbSpan: verb.keySpan,
    ...modifiers,
    modifier: (name) => entryOf(step, name),
    report: session.report,
    expression: (node) => checkOver(flow, node, session),
    condition(node) {
      const expr = checkConditionOver(flow, node, `\`${verb.key}\``, session);
      return expr === null ? null : { expr, narrowed: narrowColumns(relation.columns, narrowedBy(expr)) };
    },
    aggregates: (map, group) => checkAggregates(flow, map, group, session),
    derived: (map) => checkDerived(flow, map, session),
    columns: (node) => readColumns(node, flow, session),
    order: (node) => readOrder(node, flow, session),
    columnName(node) {
      const name = textOf(node);
      if (name !== null && columnNames.includes(name)) return name;
      if (name === null) session.report(messages.unknownColumn(node.span, '', columnNames));
      else if (!flow.missing.has(name)) {
        session.report(
          flow.leftBehind.has(name)
            ? messages.outOfScope(node.span, name, columnNames)
            : messages.unknownColumn(node.span, name, columnNames),
        );
      }
      return null;
    },
    newName: (name, span) => isNewName(name, span, session),
    setting: (key) => session.read.textAt(config, key)?.value ?? null,
    duration: (map, key) => session.read.durationAt(map, key)?.value ?? null,
    resolveModule: (path) => session.resolveModule?.(path) ?? path,
    joined: () => joinedBy(config, flow, resolve, session),
  };
}
