import { operators } from '@rta/operators';
import { describe, expect, it } from 'vitest';
import { pipeline, stream, type Group, type Pipeline, type Stream } from '../src/builder/index.js';
import { readArguments } from '../src/builder/literal.js';
import { buildTree, parseYaml, place, printTypeScript, toPlain, type YamlMap, type YamlNode } from '../src/index.js';

const MODULE = { path: 'built.ts', text: '' };

function treeOf(built: Pipeline): YamlMap {
  const { root, diagnostics } = buildTree(built, MODULE, () => null);
  expect(diagnostics).toEqual([]);
  return root;
}

describe('a built pipeline', () => {
  it('is the tree of its YAML twin', () => {
    const loud = stream('scores').filter('score > 10', { name: 'loud', note: 'the loud ones' }).drop('team_name');
    const built = pipeline('built', {
      sources: { scores: null, rides: { topic: 'rides', schema: 'ride', lateness: '1m30s' } },
      streams: { loud, all: stream([loud, 'rides']), totals: stream(loud).groupBy('team_id').ttl('1h').aggregate({ total: 'sum(score)' }) },
      sinks: { out: { from: loud, topic: 'out' }, totals: { from: 'totals', topic: 'totals', key: undefined } },
      tests: { one: { given: { scores: [{ score: 9007199254740993n, at: new Date(0), none: null, list: [1.5, true] }] }, expect: {} } },
    });
    const yaml = `
pipeline: built
sources:
  scores: null
  rides: { topic: rides, schema: ride, lateness: 1m30s }
streams:
  loud:
    from: scores
    steps:
      - { filter: score > 10, name: loud, note: the loud ones }
      - drop: team_name
  all: { from: [loud, rides] }
  totals:
    from: loud
    steps:
      - { aggregate: { total: sum(score) }, groupBy: team_id, ttl: 1h }
sinks:
  out: { from: loud, topic: out }
  totals: { from: totals, topic: totals }
tests:
  one: { given: { scores: [{ score: 9007199254740993, at: 1970-01-01T00:00:00.000Z, none: null, list: [1.5, true] }] }, expect: {} }
`;
    expect(toPlain(treeOf(built))).toEqual(toPlain(parseYaml({ path: 'twin.yaml', text: yaml }).root as YamlNode));
  });

  it('names the sources that its streams read, each once', () => {
    const [a, b] = [stream('x').filter('p'), stream(['y', 'x'])];
    expect(toPlain(treeOf(pipeline('many', { streams: { a, b, c: stream(a) } })))).toMatchObject({ sources: ['x', 'y'] });
    expect(toPlain(treeOf(pipeline('one', { steps: stream('x') })))).toEqual({ pipeline: 'one', source: 'x', steps: [] });
  });

  it('has the place of a step by its path where the program cannot be read', () => {
    const { root } = buildTree(pipeline('built', { steps: stream('scores').filter('a').filter('b') }), MODULE, () => null);
    const steps = root.entries.find(({ key }) => key === 'steps')!.value;
    const [, second] = steps.kind === 'seq' ? steps.items : [];
    expect(second.span.source.text.slice(second.span.start)).toBe('filter');
    expect(second.span.source.text).toBe('steps[1].filter');
    expect(place(second.span)).toBe('built.ts:1:10');
  });

  it('has a method for every verb, and for every verb that groups', () => {
    const [from, group]: readonly [Stream, Group<string, string>] = [stream('x'), stream('x').groupBy('y')];
    for (const { verb, modifiers } of operators) {
      const with_ = modifiers.length > 0 ? group : from;
      expect(verb in with_, verb).toBe(true);
      for (const modifier of modifiers) expect(modifier in from, `${verb} ${modifier}`).toBe(true);
    }
  });

  it('knows its columns where rows are typed', () => {
    interface Score {
      user_id: string;
      team_id: string;
      score: number;
    }
    const scores = stream<Score>('scores').derive({ double: 'score * 2' }).rename({ player: 'user_id' });
    const totals: Stream<'player' | 'window_start' | 'window_end' | 'total'> = scores
      .groupBy(['player'])
      .window({ tumbling: '1m' })
      .aggregate({ total: 'sum(double)' });
    totals
      .select(['player', { minutes: 'total / 60' }])
      .drop('minutes')
      .groupBy('player');
    // @ts-expect-error: it was renamed
    scores.groupBy('user_id');
    // @ts-expect-error: not aggregated
    totals.select('score');
    // @ts-expect-error: no duration
    scores.window({ tumbling: '1 minute' });
    // @ts-expect-error: a hopping window has `every`
    scores.window({ hopping: '1m' });
    stream('untyped').groupBy('anything').aggregate({ n: 'count()' }).filter('n > 1');
  });
});

describe('literals in a program', () => {
  const read = (text: string) => readArguments({ path: 'x.ts', text }, text.indexOf('('));
  const shown = (text: string): string[] => read(text).map(({ kind, span }) => `${kind} ${text.slice(span.start, span.end)}`);

  it('are texts, lists and maps; the rest is code', () => {
    expect(shown(`f('it\\'s', "b", \`c\`, \`\${d}\`, [1, 'e'], { g: 'h' }, i(j, ')'), 'k' + 'l', (m, n) => [m])`)).toEqual([
      "text 'it\\'s'",
      'text "b"',
      'text `c`',
      'code `${d}`',
      "list [1, 'e']",
      "map { g: 'h' }",
      "code i(j, ')')",
      "code 'k' + 'l'",
      'code (m, n) => [m]',
    ]);
  });

  it('are found by key among comments, spreads, shorthands and methods', () => {
    const text = "f({ // { '\n ...rest, short, 'quoted key': 'a', [computed]: 'b', method() { return '}'; }, last: { deep: ['c'] } }, 'd')";
    const [map, second] = read(text);
    expect(text.slice(second.span.start, second.span.end)).toBe("'d'");
    const of = (key: string): string => {
      const span = map.entries?.get(key)?.value.span;
      return text.slice(span?.start, span?.end);
    };
    expect([...(map.entries?.keys() ?? [])]).toEqual(['short', 'quoted key', 'method', 'last']);
    expect(of('quoted key')).toBe("'a'");
    expect(of('last')).toBe("{ deep: ['c'] }");
  });

  it('end with the text, whatever it is', () => {
    for (const text of ['f(', "f('", 'f({', 'f({ a', 'f({ a: [', 'f(`${', 'f(}', 'f([}', 'f({ : })', 'f'])
      expect(() => read(text), text).not.toThrow();
  });
});

describe('a twin in TypeScript', () => {
  const printed = (yaml: string): string => printTypeScript(parseYaml({ path: 'x.yaml', text: yaml }).root as YamlMap);

  it('keeps what has no method, texts that are no numbers, and lines', () => {
    expect(
      printed(`pipeline: p
source: s
steps:
  - { filter: a > 0, emit: final }
  - { unknown: 1, other: 2 }
  - derive:
      b: |-
        if(a,
           1, 2)
      c: '"it''s"'
    note: why
sink: { topic: t, "odd key": 007, n: 10, yes: true, none: null }
`),
    ).toBe(`import { pipeline, stream } from '@rta/cli';

export default pipeline('p', {
  steps: stream('s')
    .step({ filter: 'a > 0', emit: 'final' })
    .step({ unknown: 1, other: 2 })
    .derive({
      b: \`if(a,
   1, 2)\`,
      c: "\\"it's\\"",
    }, { note: 'why' }),
  sink: { topic: 't', 'odd key': '007', n: 10, yes: true, none: null },
});
`);
  });
});
