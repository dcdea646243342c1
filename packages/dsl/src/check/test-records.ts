import type { TestTopicAst } from '../ast/ast.js';
import type { TestInput, TestRecord } from '../plan/pipeline-test.js';
import type { SourceNode } from '../plan/plan.js';
import { textOf, type YamlMap } from '../yaml/node.js';
import type { Session } from './session.js';
import { testRows } from './test-files/test-rows.js';
import { testMessages as messages } from './test-messages.js';
import { parseTime, readTestValue } from './test-values.js';

/** The records that a test sends to one topic, named by it or by its source. */
export function givenRecords(ast: TestTopicAst, sources: readonly SourceNode[], session: Session): readonly TestInput[] {
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
  let deleted = false;
  const raw: { key?: string; value?: string } = {};
  const values: Record<string, TestRecord['values'][string]> = {};
  const columns = source.output.columns;
  const metas = ['$time', '$key', '$value', ...(source.output.kind === 'table' ? ['$deleted'] : [])];
  for (const entry of row.entries) {
    if (entry.key.startsWith('$') && !metas.includes(entry.key)) {
      session.report(messages.badTestMeta(entry.keySpan, entry.key, metas));
      continue;
    }
    const text = textOf(entry.value) ?? '';
    switch (entry.key) {
      case '$time':
        time = parseTime(text);
        if (time === null) session.report(messages.badTestTime(entry.value.span, text));
        break;
      case '$key':
        raw.key = text;
        break;
      case '$value':
        raw.value = text;
        break;
      case '$deleted':
        deleted = text === 'true';
        break;
      default: {
        const column = columns.find(({ name }) => name === entry.key);
        if (column === undefined) {
          const names = columns.map(({ name }) => name);
          session.report(messages.unknownTestColumn(entry.keySpan, entry.key, source.topic, names));
        }
        const read = column === undefined ? null : readTestValue(entry.value, entry.key, column.type, session);
        if (read !== null) values[entry.key] = read.value;
      }
    }
  }
  if (deleted && source.key?.some((name) => !(name in values)) === true) session.report(messages.deletedKey(row.span, source.key));
  return {
    time,
    values,
    ...(deleted ? { deleted } : {}),
    ...(raw.key !== undefined || raw.value !== undefined ? { raw } : {}),
    span: row.span,
  };
}
