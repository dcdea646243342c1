/** `explain` of the leaderboards, compared text by text; `UPDATE=1` writes what is expected. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { explainJson } from '../../src/plan/explain-json.js';
import { explainKernels } from '../../src/plan/explain-kernel.js';
import { explainLogicalMermaid, explainMermaid } from '../../src/plan/explain-mermaid.js';
import { explainText } from '../../src/plan/explain.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { compiled, leaderboard } from '../task/project.js';

const EXPECTED = join(import.meta.dirname, 'explain');

function check(name: string, text: string): void {
  const path = join(EXPECTED, name);
  if (process.env['UPDATE'] === '1') writeFileSync(path, text);
  expect(text).toBe(existsSync(path) ? readFileSync(path, 'utf8') : `${path} is missing: run with UPDATE=1`);
}

const WIDE = compiled(`
pipeline: per-team
source: { topic: scores, schema: user_score, time: event_time_millis, lateness: 10s }
late: { topic: scores-late }
streams:
  teams:
    from: source
    steps:
      - filter: team_name != "say \\"hi\\" <b>"
      - groupBy: team_id
        window: { tumbling: 1m }
        aggregate: { total: sum(score) }
sinks:
  all: { from: source, topic: copies }
  teams: { from: teams, topic: team-minutes }
`);

describe('explain', () => {
  it.each(['top-teams', 'top-players'] as const)('draws %s', (name) => {
    const plan = leaderboard(name);
    check(`${name}.txt`, explainText(plan));
    check(`${name}.mmd`, explainMermaid(plan));
    check(`${name}.logical.mmd`, explainLogicalMermaid(plan));
  });

  it('draws branches, policies, and texts that hold quotes and markup', () => {
    check('per-team.txt', explainText(WIDE));
    check('per-team.mmd', explainMermaid(WIDE));
  });

  it('gives plain data: JSON loses nothing of it', () => {
    for (const value of [leaderboard('top-teams'), planStages(leaderboard('top-teams')), WIDE]) {
      const data = explainJson(value);
      expect(JSON.parse(JSON.stringify(data))).toEqual(data);
      expect(JSON.stringify(data)).not.toContain('"span"');
    }
    expect(explainJson(planStages(leaderboard('top-teams')))).toMatchObject({
      stages: [
        { inputs: [{ topic: 'user-score', time: { from: 'column', expr: 'event_time_millis' } }], changelog: null },
        { changelog: 'rta.top-teams-1-changelog', nodes: [{ columns: [{ name: 'team_id', type: 'string' }, {}, {}] }, {}] },
        { outputs: [{ kind: 'sink', topic: 'top-teams', keySchema: 'long' }] },
      ],
    });
  });

  it('shows the generated functions of each stage as code that parses', () => {
    const functions = explainKernels(leaderboard('top-players'));
    expect(functions.map(({ stage, name }) => `${stage} ${name}`)).toEqual(
      expect.arrayContaining(['0 source.user_score.scan', '0 1-aggregate.emit', '1 2-topK.upsert']),
    );
    for (const { source } of functions) expect(() => new Script(`(${source})`)).not.toThrow();
  });
});
