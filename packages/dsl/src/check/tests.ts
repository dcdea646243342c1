import type { TestAst, TestTopicAst } from '../ast/ast.js';
import type { Column, PipelineTest, SinkNode, SourceNode, TestRecord, TestRow } from '../plan/plan.js';
import { textOf, type YamlMap } from '../yaml/node.js';
import { testRows } from './test-files/test-rows.js';
import { messages } from './messages.js';
import type { Session } from './session.js';
import type { CheckedSink } from './sinks.js';
import { parseTime, readTestValue } from './test-values.js';

/** What the rows of a topic are typed by. */
type Written = Pick<SinkNode, 'topic' | 'columns' | 'key'> & Pick<CheckedSink, 'missing'>;

/**
 * Types the tests of a file against the columns of its sources and sinks.
 *
 * @param aside the topics of late and failed records, which have the columns of the sources
 */
export function checkTests(
  tests: readonly TestAst[],
  sources: readonly SourceNode[],
  sinks: readonly CheckedSink[],
  aside: ReadonlySet<string>,
  session: Session,
): readonly PipelineTest[] {
  return tests.map((test) => {
    for (const entry of test.notYet)
      session.report(messages.notYet(entry.keySpan, '`steps` of a test', 'use `given`, `until` and `expect`'));
    if (test.expect.length === 0 && test.history.length === 0 && test.notYet.length === 0)
      session.report(messages.emptyTest(test.span, test.name));
    return {
      name: test.name,
      given: test.given.flatMap((topic) => given(topic, sources, session)),
      until: test.until === null ? null : readTime(test.until.text, test.until.span, session),
      expect: test.expect.flatMap((topic) => expected(topic, sources, sinks, aside, false, session)),
      history: test.history.flatMap((topic) => expected(topic, sources, sinks, aside, true, session)),
      span: test.span,
    };
  });
}

function given(ast: TestTopicAst, sources: readonly SourceNode[], session: Session): PipelineTest['given'] {
  const source = sources.find((candidate) => candidate.topic === ast.topic) ?? sources.find((candidate) => candidate.name === ast.topic);
  if (source === undefined) {
    // With no source that could be checked, the name cannot be judged.
    if (sources.length > 0) {
      const topics = sources.map((candidate) => candidate.topic);
      session.report(messages.unknownTestTopic(ast.span, ast.topic, topics, true));
    }
    return [];
  }
  const { rows, session: its } = testRows(ast.rows, session);
  return [{ topic: source.topic, records: rows.map((row) => record(row, source, its)) }];
}

function record(row: YamlMap, source: SourceNode, session: Session): TestRecord {
  let time: number | null = null;
  const values: Record<string, TestRecord['values'][string]> = {};
  for (const entry of row.entries) {
    if (entry.key === '$time') {
      const text = textOf(entry.value) ?? '';
      time = readTime(text, entry.value.span, session);
    } else if (entry.key.startsWith('$')) {
      session.report(messages.badTestMeta(entry.keySpan, entry.key, ['$time']));
    } else {
      const column = columnOf(entry.key, source.output.columns);
      if (column === null) unknown(entry.keySpan, entry.key, source.topic, source.output.columns, session);
      const read = column === null ? null : readTestValue(entry.value, entry.key, column.type, session);
      if (read !== null) values[entry.key] = read.value;
    }
  }
  return { time, values, span: row.span };
}

function expected(
  ast: TestTopicAst,
  sources: readonly SourceNode[],
  sinks: readonly CheckedSink[],
  aside: ReadonlySet<string>,
  history: boolean,
  session: Session,
): PipelineTest['expect'] {
  const writtenBy = (isIt: (node: SinkNode) => boolean): Written | undefined => {
    const found = sinks.find(({ node }) => isIt(node));
    return found === undefined ? undefined : { ...found.node, missing: found.missing };
  };
  const sink =
    writtenBy((node) => node.topic === ast.topic) ??
    (aside.has(ast.topic) ? asReceived(ast.topic, sources) : undefined) ??
    writtenBy((node) => node.name === ast.topic) ??
    writtenBy((node) => node.input.startsWith(`${ast.topic}.`));
  if (sink === undefined) {
    if (sinks.length > 0) {
      const topics = [...sinks.map(({ node }) => node.topic), ...aside];
      session.report(messages.unknownTestTopic(ast.span, ast.topic, topics, false));
    }
    return [];
  }
  const { rows, session: its } = testRows(ast.rows, session);
  return [{ topic: sink.topic, rows: rows.map((row) => expectedRow(row, sink, history, its)), span: ast.span }];
}

/** Late and failed records stand as they came: with the columns of whichever source has them. */
function asReceived(topic: string, sources: readonly SourceNode[]): Written {
  const columns = new Map(sources.flatMap((source) => source.output.columns.map((column) => [column.name, column])));
  return { topic, columns: [...columns.values()], key: null, missing: new Set() };
}

function expectedRow(row: YamlMap, sink: Written, history: boolean, session: Session): TestRow {
  let deleted = false;
  const values: Record<string, TestRow['values'][string]> = {};
  const named = new Set<string>();
  for (const entry of row.entries) {
    if (entry.key === '$deleted' && history) {
      deleted = textOf(entry.value) === 'true';
    } else if (entry.key.startsWith('$')) {
      session.report(messages.badTestMeta(entry.keySpan, entry.key, history ? ['$deleted'] : []));
    } else {
      const column = columnOf(entry.key, sink.columns);
      if (column === null && !sink.missing.has(entry.key)) unknown(entry.keySpan, entry.key, sink.topic, sink.columns, session);
      named.add(entry.key);
      const read = column === null ? null : readTestValue(entry.value, entry.key, column.type, session);
      if (read !== null) values[entry.key] = read;
    }
  }
  if (deleted && sink.key?.some((name) => !named.has(name)) === true) session.report(messages.deletedKey(row.span, sink.key));
  return { values, deleted, span: row.span };
}

function readTime(text: string, span: TestRow['span'], session: Session): number | null {
  const time = parseTime(text);
  if (time === null) session.report(messages.badTestTime(span, text));
  return time;
}

function columnOf(name: string, columns: readonly Column[]): Column | null {
  return columns.find((column) => column.name === name) ?? null;
}

function unknown(span: TestRow['span'], name: string, topic: string, columns: readonly Column[], session: Session): void {
  const names = columns.map((column) => column.name);
  session.report(messages.unknownTestColumn(span, name, topic, names));
}
