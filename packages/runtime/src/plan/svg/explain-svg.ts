/**
 * A physical plan as one SVG file: topics as stadiums, stages as boxes around their nodes, state as cylinders below the nodes that keep it, rows as
 * arrows with what they are partitioned by. Light or dark as the reader's system is; nothing is loaded from elsewhere.
 */
import type { Plan } from '@rta/dsl';
import { planStages } from '../plan-stages.js';
import { layoutOf, type Layout, type Placed, type Sized } from './layout.js';
import { topologyGraph, type Edge, type NodeShape, type TopicShape, type TopologyGraph } from './topology-graph.js';

/** Of a character of the sans-serif font at 12 px, on the wide side. */
const CHARACTER = 6.9;
const LINE = 17;
const PAD_X = 14;
const PAD_Y = 12;
/** The cylinder below a node. */
const STORE_HEIGHT = 38;
const STORE_GAP = 10;

const COLOURS = `
  .rta { --ground: #ffffff; --text: #1f2933; --soft: #62707f; --stage: #f4f6f9; --line: #c8d1dc; --node: #ffffff; --edge: #7b8794;
    --source: #e3f2e8; --source-line: #4c9a6a; --sink: #e5eefc; --sink-line: #4a7fd1; --internal: #f1eefb; --internal-line: #8d7ac8; --store: #fdf3dc; --store-line: #c79a3a;
    font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
  @media (prefers-color-scheme: dark) {
    .rta { --ground: #14181d; --text: #e4e9ee; --soft: #95a3b1; --stage: #1b2128; --line: #36414d; --node: #232b34; --edge: #8594a3;
      --source: #1c3527; --source-line: #5fb583; --sink: #1b2c47; --sink-line: #6c9de8; --internal: #2a2541; --internal-line: #a394dd; --store: #3a301a; --store-line: #d3a94e; }
  }
`;

/** The style of what `topologyDrawing` draws, in colours that are variables: `--ground`, `--text`, `--node`, … */
export const DRAWING_STYLE = `
  .rta text { fill: var(--text); }
  .rta .title { font-weight: 600; }
  .rta .soft { fill: var(--soft); }
  .rta .ground { fill: var(--ground); }
  .rta .stage { fill: var(--stage); stroke: var(--line); stroke-dasharray: 5 4; }
  .rta .node { fill: var(--node); stroke: var(--line); }
  .rta .source { fill: var(--source); stroke: var(--source-line); }
  .rta .internal { fill: var(--internal); stroke: var(--internal-line); }
  .rta .sink { fill: var(--sink); stroke: var(--sink-line); }
  .rta .store { fill: var(--store); stroke: var(--store-line); }
  .rta .edge { fill: none; stroke: var(--edge); stroke-width: 1.4; }
  .rta .arrow { fill: var(--edge); }
  .rta .label { paint-order: stroke; stroke: var(--ground); stroke-width: 4px; }
`;

/** A drawing, to be put into a page together with what goes along its edges. */
export interface TopologyDrawing {
  readonly width: number;
  readonly height: number;
  /** The elements of an `<svg class="rta">`; their style is `DRAWING_STYLE`. */
  readonly body: string;
  readonly edges: readonly DrawnEdge[];
}

export interface DrawnEdge {
  /** The middle. */
  readonly x: number;
  readonly y: number;
  /** Something is written above it already. */
  readonly isLabelled: boolean;
  readonly rows: Edge['rows'];
  /** The step that it leads to; null: a topic within the pipeline. */
  readonly to: string | null;
  /** The source topic that it comes from. */
  readonly source: string | null;
  /** `user-score to groupBy` */
  readonly name: string;
}

/**
 * The drawing of a plan, as a file.
 *
 * @throws StagingError where the engine cannot run the plan
 */
export function explainSvg(plan: Plan): string {
  const { width, height, body } = topologyDrawing(plan);
  const name = escaped(plan.pipeline);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" class="rta" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Topology of ${name}">`,
    `<title>${name}</title>`,
    `<style>${COLOURS.trimEnd()}${DRAWING_STYLE}</style>`,
    body,
    '</svg>',
  ].join('\n')}\n`;
}

/** The parts of it; throws as `explainSvg` does. */
export function topologyDrawing(plan: Plan): TopologyDrawing {
  const graph = topologyGraph(planStages(plan));
  const layout = layoutOf(graph, sizesOf(graph), (edge) => textWidth(edge.label ?? ''));
  const [width, height] = [Math.ceil(layout.width), Math.ceil(layout.height)];
  const body = [
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="arrow" d="M0 0.5 8 4 0 7.5Z"/></marker></defs>',
    `<rect class="ground" width="${width}" height="${height}"/>`,
    ...graph.stages.flatMap((stage) => stageBox(stage.title, layout.stages.get(stage.id))),
    ...graph.edges.map((edge) => arrow(edge, layout)),
    ...graph.topics.map((topic) => topicShape(topic, layout.shapes.get(topic.id)!)),
    ...graph.stages.flatMap(({ nodes }) => nodes.map((node) => nodeShape(node, layout.shapes.get(node.id)!))),
    ...graph.edges.map((edge) => labelOf(edge, layout)).filter((label) => label !== ''),
  ].join('\n');
  return { width, height, body, edges: graph.edges.map((edge) => drawnEdge(edge, graph, layout)) };
}

function drawnEdge(edge: Edge, graph: TopologyGraph, layout: Layout): DrawnEdge {
  const [x1, y1, x2, y2] = ends(edge, layout);
  const source = graph.topics.find(({ id, role }) => id === edge.from && role === 'source');
  const nodes = graph.stages.flatMap((stage) => stage.nodes);
  const nameOf = (id: string): string =>
    graph.topics.find((topic) => topic.id === id)?.name ?? nodes.find((node) => node.id === id)!.lines[0];
  return {
    x: Math.round((x1 + x2) / 2),
    y: Math.round((y1 + y2) / 2),
    isLabelled: edge.label !== null,
    rows: edge.rows,
    to: edge.toStep,
    source: source?.name ?? null,
    name: `${nameOf(edge.from)} to ${nameOf(edge.to)}`,
  };
}

function sizesOf({ topics, stages }: TopologyGraph): ReadonlyMap<string, Sized> {
  const sizes = new Map<string, Sized>();
  for (const { id, name, note } of topics) {
    const lines = note === '' ? [name] : [name, note];
    sizes.set(id, { id, width: widest(lines) + 2 * PAD_X + 12, height: lines.length * LINE + 2 * PAD_Y - 4 });
  }
  for (const { nodes } of stages)
    for (const { id, lines, store } of nodes) {
      const below = store === null ? 0 : STORE_GAP + STORE_HEIGHT;
      sizes.set(id, { id, width: widest(store === null ? lines : [...lines, store]) + 2 * PAD_X, height: nodeHeight(lines) + below });
    }
  return sizes;
}

function nodeHeight(lines: readonly string[]): number {
  return lines.length * LINE + 2 * PAD_Y - 4;
}

function stageBox(title: string, box: Placed | undefined): string[] {
  if (box === undefined) return [];
  const { x, y, width, height } = box;
  return [
    `<rect class="stage" x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="8"/>`,
    `<text class="soft" x="${n(x + 12)}" y="${n(y + 19)}">${escaped(title)}</text>`,
  ];
}

function topicShape({ name, note, role }: TopicShape, { x, y, width, height }: Placed): string {
  return `<g><rect class="${role}" x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="${n(height / 2)}"/>${texts(note === '' ? [name] : [name, note], x + width / 2, y)}</g>`;
}

function nodeShape({ lines, detail, store }: NodeShape, { x, y, width }: Placed): string {
  const height = nodeHeight(lines);
  const box = `<rect class="node" x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="5"/>${texts(lines, x + width / 2, y)}`;
  return `<g><title>${escaped(detail)}</title>${box}${store === null ? '' : cylinder(store, x, y + height + STORE_GAP, width)}</g>`;
}

/** A node's state, hanging on it. */
function cylinder(name: string, x: number, y: number, width: number): string {
  const [round, bottom, middle] = [5, y + STORE_HEIGHT - 5, x + width / 2];
  const side = `M${n(x)} ${n(y + round)}V${n(bottom)}A${n(width / 2)} ${round} 0 0 0 ${n(x + width)} ${n(bottom)}V${n(y + round)}`;
  return (
    `<path class="edge" d="M${n(middle)} ${n(y - STORE_GAP)}V${n(y)}"/><path class="store" d="${side}A${n(width / 2)} ${round} 0 0 0 ${n(x)} ${n(y + round)}Z"/>` +
    `<ellipse class="store" cx="${n(middle)}" cy="${n(y + round)}" rx="${n(width / 2)}" ry="${round}"/><text class="soft" x="${n(middle)}" y="${n(y + 27)}" text-anchor="middle">${escaped(name)}</text>`
  );
}

/** The first line is a name, the others say what it is. */
function texts(lines: readonly string[], x: number, top: number): string {
  return lines
    .map(
      (line, i) =>
        `<text class="${i === 0 ? 'title' : 'soft'}" x="${n(x)}" y="${n(top + PAD_Y + i * LINE + 10)}" text-anchor="middle">${escaped(line)}</text>`,
    )
    .join('');
}

/** From the right of one shape to the left of another. */
function ends({ from, to }: Edge, { shapes }: Layout): readonly [x1: number, y1: number, x2: number, y2: number] {
  const [a, b] = [shapes.get(from)!, shapes.get(to)!];
  return [a.x + a.width, middleOf(a), b.x, middleOf(b)];
}

/** Of topics the middle; of nodes, whose state may hang below them, that of their first lines. */
function middleOf({ y, height }: Placed): number {
  return y + Math.min(height / 2, (3 * LINE + 2 * PAD_Y - 4) / 2);
}

function arrow(edge: Edge, layout: Layout): string {
  const [x1, y1, x2, y2] = ends(edge, layout);
  const bend = Math.max(24, (x2 - x1) / 2);
  return `<path class="edge" marker-end="url(#arrow)" d="M${n(x1)} ${n(y1)}C${n(x1 + bend)} ${n(y1)} ${n(x2 - bend)} ${n(y2)} ${n(x2)} ${n(y2)}"/>`;
}

function labelOf(edge: Edge, layout: Layout): string {
  if (edge.label === null) return '';
  const [x1, y1, x2, y2] = ends(edge, layout);
  return `<text class="soft label" x="${n((x1 + x2) / 2)}" y="${n((y1 + y2) / 2 - 7)}" text-anchor="middle">${escaped(edge.label)}</text>`;
}

function widest(lines: readonly string[]): number {
  return Math.max(...lines.map(textWidth));
}

function textWidth(text: string): number {
  return text.length * CHARACTER;
}

/** A coordinate, to a tenth. */
function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
