import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operators } from '@rta/operators';
import { formatFile, showPlan } from '../../src/index.js';
import { compileText, oneLine } from '../compile-file.js';
import { CORPUS, PIPELINES } from './corpus.js';
import { randomOf } from '../random.js';
import { relayout } from './relayout.js';

function formatted(text: string): string {
  const { text: found, diagnostics } = formatFile({ path: 'test.yaml', text }, operators);
  expect(diagnostics.map(oneLine)).toEqual([]);
  return found!;
}

/** What a text compiles to; without a plan what is wrong with it, places aside. */
function meaning(text: string): unknown {
  const { plan, diagnostics } = compileText(text);
  if (plan !== null) return showPlan(plan);
  return diagnostics.map(({ code, message }) => `${code} ${message}`).sort();
}

describe('rta fmt', () => {
  it.each(PIPELINES)('$path is formatted', ({ text }) => expect(formatted(text), 'not formatted: run `rta fmt`').toBe(text));

  it.each(CORPUS)('$path: formatting twice is formatting once, and the plan stays', ({ text }) => {
    const once = formatted(text);
    expect(formatted(once)).toBe(once);
    expect(meaning(once)).toEqual(meaning(text));
  });

  it('does so in any layout, and keeps all comments', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(fc.constantFrom(...CORPUS), fc.integer(), ({ text }, seed) => {
        const other = relayout(text, randomOf(seed));
        const once = formatted(other.text);
        expect(formatted(once)).toBe(once);
        expect(meaning(once)).toEqual(meaning(other.text));
        expect(once.match(/# note \d+$/gm) ?? []).toHaveLength(other.comments);
      }),
      { numRuns: Number(process.env['LAW_RUNS'] ?? 300) },
    );
  });

  it('puts keys, spaces and quotes in order, and keeps comments where they belong', () => {
    const text = `# about the whole
sink: {topic: 'out' , key: [team_id]}   # where it goes


steps:
    # only good ones
    - filter:   score>1 and(team_name!='x "y"')
    - aggregate: {total: "sum( score )where user_id!=null", n: count()}
      # by team
      groupBy: team_id
      name: totals
      window: {every: 1m, hopping: 5m}
    # - filter: total > 0
source: user_score
pipeline: "example"
`;
    expect(formatted(text)).toBe(`# about the whole
pipeline: "example"
source: user_score

steps:
  # only good ones
  - filter: score > 1 and (team_name != 'x "y"')
  # by team
  - groupBy: team_id
    window: { hopping: 5m, every: 1m }
    aggregate: { total: sum(score) where user_id != null, n: count() }
    name: totals
  # - filter: total > 0
sink: { topic: "out", key: [team_id] } # where it goes
`);
  });

  it('folds long expressions where they are loosest, and opens what is too wide', () => {
    const long =
      'team_name == "a team with a long name" and score > 100 or team_name == "another team with a long name" and score > 200 or score == 1500000000';
    const text = `pipeline: p
source: { topic: user-score, schema: user_score, key: user_id, time: event_time_millis, lateness: 10s, idle: 1m, start: latest, kind: stream }
steps:
  - filter: ${long}
  - select: [user_id, { label: "concat(user_id, team_name)" }]
sink: { topic: out }
`;
    expect(formatted(text)).toBe(`pipeline: p
source:
  topic: user-score
  kind: stream
  key: user_id
  schema: user_score
  time: event_time_millis
  lateness: 10s
  idle: 1m
  start: latest
steps:
  - filter: >-
      team_name == "a team with a long name" and score > 100 or team_name == "another team with a long name" and score > 200
        or score == 1500000000
  - select: [user_id, { label: "concat(user_id, team_name)" }]
sink: { topic: out }
`);
  });

  it('leaves keys where they are beside anchors, and texts that are no expressions as they are', () => {
    const text = `pipeline: p
source: user_score
streams:
  a:
    steps:
      - aggregate: &sums { total: sum(score) }
        groupBy: team_id
  b:
    steps:
      - aggregate: *sums
        groupBy: user_id
sinks:
  a: { topic: a, from: a }
  b: { from: b, topic: b }
tests:
  "it's: a test":
    given: { user-score: [{ user_id: "007", team_id: no, score: 1.50 }] }
    expect: { a: [{ total: 1 }] }
`;
    expect(formatted(text)).toBe(text);
  });

  it('formats rta.yaml', () => {
    const text = `defaults: {late: drop, lateness: 5s}\nsources:\n  b: {schema: b, topic: b}\n  a:   {time: $time, topic: a}\n`;
    expect(formatted(text)).toBe(
      `sources:\n  b: { topic: b, schema: b }\n  a: { topic: a, time: $time }\ndefaults: { lateness: 5s, late: drop }\n`,
    );
  });

  it.each([
    ['pipeline: p\nsteps: [a\nsource: x\n', 'RTA2001 3:1'],
    ['pipeline: p\nsteps:\n  - filter: score >> 1\n', 'RTA1007 3:20'],
    ['pipeline: p\nsteps:\n  - filter: "a" == b\n', 'RTA2102 3:13'],
    ['pipeline: p\nsteps:\n  - topK: { k: 1, by: [score +] }\n', 'RTA1006 3:31'],
  ])('gives an error with its place for what does not parse: %j', (text, expected) => {
    const { text: found, diagnostics } = formatFile({ path: 'test.yaml', text }, operators);
    expect(found).toBeNull();
    expect(diagnostics.map((diagnostic) => oneLine(diagnostic).split(' ').slice(0, 2).join(' '))).toEqual([expected]);
  });
});
