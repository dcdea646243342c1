/** The drawings of plans: what they show, and that no shape stands on another. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '@rta/dsl';
import { describe, expect, it } from 'vitest';
import { planStages } from '../../src/plan/plan-stages.js';
import { explainSvg } from '../../src/plan/svg/explain-svg.js';
import { layoutOf, type Placed } from '../../src/plan/svg/layout.js';
import { topologyGraph } from '../../src/plan/svg/topology-graph.js';
import { compiled, leaderboard } from '../task/project.js';

const SOURCES = `sources:
  scores: { topic: scores, schema: user_score, key: user_id, time: event_time_millis, lateness: 10s }
  more: { topic: more, schema: user_score, time: event_time_millis, lateness: 10s }
`;

const WIDE = compiled(`
pipeline: wide
${SOURCES}streams:
  good:
    from: scores
    steps: [{ filter: 'team_name != "say \\"hi\\" & <b>"' }]
  teams:
    from: good
    steps:
      - groupBy: team_id
        aggregate: { total: sum(score) }
      - topK: { k: 3, by: total desc, rank: rnk }
  both:
    from: [good, more]
    steps:
      - groupBy: team_id
        derive: { last: sum(score) over 10s }
  pairs:
    from: good
    steps:
      - join: { with: more, as: other, on: user_id, within: 1m, take: [{ other_score: score }] }
sinks:
  copy: { from: more, topic: copies }
  good: { from: good, topic: good }
  teams: { from: teams, topic: teams }
  both: { from: both, topic: both }
  pairs: { from: pairs, topic: pairs }
`);

const PLANS: readonly (readonly [string, Plan])[] = [
  ['top-teams', leaderboard('top-teams')],
  ['top-players', leaderboard('top-players')],
  ['hot-streaks', compiled(readFileSync(join(import.meta.dirname, '../../../../pipelines/leaderboards/hot-streaks.yaml'), 'utf8'))],
  ['wide', WIDE],
];

function overlap(a: Placed, b: Placed): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

describe('the drawing', () => {
  it.each(PLANS)('of %s has each topic, node and changelog, and loads nothing', (_, plan) => {
    const svg = explainSvg(plan);
    const { stages } = planStages(plan);
    for (const { inputs, outputs, changelog, nodes } of stages) {
      for (const { topic } of [...inputs, ...outputs]) expect(svg).toContain(`>${topic}</text>`);
      if (changelog !== null) expect(svg).toContain(`>${changelog}</text>`);
      for (const node of nodes) if (node.op !== 'sink') expect(svg).toContain(`>${node.id}</text>`);
    }
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|url\((?!#)|@import|<script|href/);
    expect(svg).toContain('prefers-color-scheme: dark');
    // Tags that open close; no text breaks out of its element.
    expect(svg.match(/<(g|text|title|style|svg|defs|marker)\b/g)).toHaveLength(
      svg.match(/<\/(g|text|title|style|svg|defs|marker)>/g)!.length,
    );
    expect(svg).not.toContain('<b>');
  });

  it.each(PLANS)('of %s: rows go to the right, and no shape stands on another or in a stage that is not its own', (_, plan) => {
    const graph = topologyGraph(planStages(plan));
    const ids = [...graph.topics.map(({ id }) => id), ...graph.stages.flatMap(({ nodes }) => nodes.map(({ id }) => id))];
    const layout = layoutOf(graph, new Map(ids.map((id, i) => [id, { id, width: 80 + 7 * (i % 5), height: 30 + 11 * (i % 3) }])), () => 40);
    const shapes = [...layout.shapes.values()];
    expect(shapes.map(({ id }) => id).sort()).toEqual([...ids].sort());
    for (const [i, shape] of shapes.entries())
      for (const other of shapes.slice(i + 1)) expect(overlap(shape, other), `${shape.id} and ${other.id}`).toBe(false);
    for (const { from, to } of graph.edges)
      expect(layout.shapes.get(to)!.x, `${from} to ${to}`).toBeGreaterThan(layout.shapes.get(from)!.x);
    const boxes = [...layout.stages.values()];
    for (const [i, box] of boxes.entries()) for (const other of boxes.slice(i + 1)) expect(overlap(box, other)).toBe(false);
    for (const { id, nodes } of graph.stages)
      for (const shape of shapes)
        if (!nodes.some((node) => node.id === shape.id) && layout.stages.has(id))
          expect(overlap(shape, layout.stages.get(id)!), `${shape.id} in stage ${id}`).toBe(false);
    for (const { x, y, width, height } of [...shapes, ...boxes]) {
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(x + width).toBeLessThanOrEqual(layout.width);
      expect(y + height).toBeLessThanOrEqual(layout.height);
    }
  });
});
