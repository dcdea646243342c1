import type { TestChecksAst, TestTopicAst } from '../ast/ast.js';
import type { ExpectedBad, ExpectedRows, ExpectedState, TestAssertions, TestRow } from '../plan/pipeline-test.js';
import type { Column, ErrorPolicy, SinkNode, SourceNode, StepNode } from '../plan/plan.js';
import { textOf, type YamlMap } from '../yaml/node.js';
import type { Session } from './session.js';
import type { CheckedSink } from './sinks.js';
import { testRows } from './test-files/test-rows.js';
import { testMessages as messages } from './test-messages.js';
import { readTestValue } from './test-values.js';

/** What the tests of a file are about. */
export interface Tested {
  readonly sources: readonly SourceNode[];
  readonly steps: readonly StepNode[];
  readonly sinks: readonly CheckedSink[];
  /** The topics of late and failed records, which have the columns of the sources. */
  readonly aside: ReadonlySet<string>;
  readonly errors: ErrorPolicy;
}

/** What the rows of a topic or a step are typed by. */
interface Written extends Pick<SinkNode, 'topic' | 'columns' | 'key'>, Pick<CheckedSink, 'missing'> {
  /** Whether tombstones may be among them. */
  readonly history: boolean;
}

/** Types what a test asserts at one moment. */
export function checkAssertions(ast: TestChecksAst, tested: Tested, session: Session): TestAssertions {
  const { late, errors } = ast;
  const state = ast.state.flatMap((step) => stateOf(step, tested.steps, session));
  const asides = asReceived('', tested.sources);
  if (errors !== null && tested.errors.policy === 'fail') session.report(messages.errorsFail(errors.span));
  return {
    expect: ast.expect.flatMap((topic) => expectedRows(topic, tested, false, session)),
    history: ast.history.flatMap((topic) => expectedRows(topic, tested, true, session)),
    ...(state.length > 0 ? { state } : {}),
    ...(late === null ? {} : { late: counted(late, { ...asides, topic: 'late' }, session) }),
    ...(errors === null ? {} : { errors: counted(errors, { ...asides, topic: 'errors' }, session) }),
  };
}

function expectedRows(ast: TestTopicAst, { sources, sinks, aside }: Tested, history: boolean, session: Session): readonly ExpectedRows[] {
  const writtenBy = (isIt: (node: SinkNode, from: string | null) => boolean): Written | undefined => {
    const found = sinks.find(({ node, from }) => isIt(node, from));
    return found === undefined ? undefined : { ...found.node, missing: found.missing, history };
  };
  const sink =
    writtenBy((node) => node.topic === ast.topic) ??
    (aside.has(ast.topic) ? asReceived(ast.topic, sources) : undefined) ??
    writtenBy((node) => node.name === ast.topic) ??
    writtenBy((node, from) => from === ast.topic || node.input.startsWith(`${ast.topic}.`));
  if (sink === undefined) {
    if (sinks.length > 0) {
      const topics = [...sinks.map(({ node }) => node.topic), ...aside];
      session.report(messages.unknownTestTopic(ast.span, ast.topic, topics, false));
    }
    return [];
  }
  const { rows, session: its } = testRows(ast.rows, session);
  return [{ topic: sink.topic, rows: rows.map((row) => expectedRow(row, sink, its)), span: ast.span }];
}

/** The `$` words of late and failed records: their headers. */
const HEADERS: readonly Column[] = ['$reason', '$step', '$topic', '$message'].map((name) => ({ name, type: { kind: 'string' } }));

/** Late and failed records stand as they came: with the columns of whichever source has them. */
function asReceived(topic: string, sources: readonly SourceNode[]): Written {
  const columns = new Map(sources.flatMap((source) => source.output.columns.map((column) => [column.name, column])));
  return { topic, columns: [...columns.values(), ...HEADERS], key: null, missing: new Set(), history: false };
}

/** Rows, or only how many. */
function counted(ast: TestTopicAst, written: Written, session: Session): ExpectedBad {
  const count = ast.rows.kind === 'scalar' && /^\d{1,15}$/.test(ast.rows.text) ? Number(ast.rows.text) : null;
  if (count !== null) return { count, span: ast.span };
  const { rows, session: its } = testRows(ast.rows, session);
  return { rows: rows.map((row) => expectedRow(row, written, its)), span: ast.span };
}

/** The state of a step: named by its name or id, or by its verb where one step alone has it. */
function stateOf(ast: TestTopicAst, steps: readonly StepNode[], session: Session): readonly ExpectedState[] {
  const keeping = steps.filter((step) => step.transforms.some(({ type }) => type === 'fold' || type === 'join' || type === 'over'));
  const byVerb = keeping.filter((step) => step.verb === ast.topic);
  const step = keeping.find(({ name }) => name === ast.topic) ?? keeping.find(({ id }) => id === ast.topic) ?? byVerb.at(0);
  if (step === undefined || (byVerb.length > 1 && byVerb.includes(step))) {
    const names = keeping.map(({ name, id }) => name ?? id);
    session.report(byVerb.length > 1 ? messages.whichStep(ast.span, ast.topic, names) : messages.unknownStep(ast.span, ast.topic, names));
    return [];
  }
  const last = step.transforms.at(-1);
  const isFold = last?.type === 'fold' && last.window?.kind !== 'sliding';
  if (!isFold && ast.rows.kind === 'seq') session.report(messages.onlyCounted(ast.span, ast.topic));
  const { columns, key } = step.output;
  const written = { topic: ast.topic, columns: isFold ? columns : [], key, missing: new Set<string>(), history: false };
  return isFold || ast.rows.kind !== 'seq' ? [{ ...counted(ast, written, session), step: step.id }] : [];
}

function expectedRow(row: YamlMap, written: Written, session: Session): TestRow {
  const { columns, key, missing, topic, history } = written;
  let deleted = false;
  const values: Record<string, TestRow['values'][string]> = {};
  const named = new Set<string>();
  for (const entry of row.entries) {
    const column = columns.find(({ name }) => name === entry.key);
    if (entry.key === '$deleted' && history) {
      deleted = textOf(entry.value) === 'true';
    } else if (entry.key.startsWith('$') && column === undefined) {
      const metas = columns.map(({ name }) => name).filter((name) => name.startsWith('$'));
      session.report(messages.badTestMeta(entry.keySpan, entry.key, history ? ['$deleted'] : metas));
    } else {
      if (column === undefined && !missing.has(entry.key)) {
        const names = columns.map(({ name }) => name).filter((name) => !name.startsWith('$'));
        session.report(messages.unknownTestColumn(entry.keySpan, entry.key, topic, names));
      }
      named.add(entry.key);
      const read = column === undefined ? null : readTestValue(entry.value, entry.key, column.type, session);
      if (read !== null) values[entry.key] = read;
    }
  }
  if (deleted && key?.some((name) => !named.has(name)) === true) session.report(messages.deletedKey(row.span, key));
  return { values, deleted, span: row.span };
}
