import { isNull, valueOf, type YamlEntry, type YamlNode, type YamlScalar } from '../yaml/node.js';
import type { TestAst, TestChecksAst, TestStepAst, TestTopicAst } from './ast.js';

/** Reads one test of a pipeline file. */
export function buildTest({ key, keySpan, value }: YamlEntry): TestAst {
  const steps = valueOf(value, 'steps');
  return {
    name: key,
    span: keySpan,
    given: topics(valueOf(value, 'given')),
    until: scalar(valueOf(value, 'until')),
    ...checks(value),
    steps: steps?.kind === 'seq' ? steps.items.flatMap((item) => (item.kind === 'map' ? [step(item)] : [])) : null,
    besideSteps: steps === null || value.kind !== 'map' ? [] : value.entries.filter((entry) => entry.key !== 'steps'),
  };
}

function step(item: YamlNode & { kind: 'map' }): TestStepAst {
  return {
    span: item.entries.length > 0 ? item.entries[0].keySpan : item.span,
    keys: item.entries,
    send: topics(valueOf(item, 'send')),
    advance: scalar(valueOf(item, 'advance')),
    ...checks(item),
  };
}

function checks(node: YamlNode): TestChecksAst {
  return {
    expect: topics(valueOf(node, 'expect')),
    history: topics(valueOf(node, 'history')),
    state: topics(valueOf(node, 'state')),
    late: only(node, 'late'),
    errors: only(node, 'errors'),
  };
}

function only(node: YamlNode, key: string): TestTopicAst | null {
  return topics(node).find(({ topic }) => topic === key) ?? null;
}

function topics(node: YamlNode | null): TestTopicAst[] {
  return node?.kind === 'map' ? node.entries.map((entry) => ({ topic: entry.key, span: entry.keySpan, rows: entry.value })) : [];
}

function scalar(node: YamlNode | null): YamlScalar | null {
  return node?.kind === 'scalar' && !isNull(node) ? node : null;
}
