/**
 * Places a graph in layers from left to right (after Sugiyama): a stage takes as many layers as its longest chain of nodes, its topics stand in
 * the layers before and after it. Stages whose layers overlap stand one below the other, in lanes; within a layer shapes stand in the order of
 * what feeds them.
 */
import type { Edge, TopologyGraph } from './topology-graph.js';

/** A shape with its size, pixels. */
export interface Sized {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface Placed extends Sized {
  /** The left upper corner. */
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly shapes: ReadonlyMap<string, Placed>;
  /** The boxes around the nodes of stages, by stage id. */
  readonly stages: ReadonlyMap<number, Placed>;
}

const MARGIN = 24;
/** Between the shapes of a layer. */
const ROW_GAP = 26;
/** Between layers without labels. */
const LAYER_GAP = 44;
/** Around the nodes of a stage; above them is its title. */
const PADDING = 16;
const TITLE = 22;
const LANE_GAP = 28;

/** The place of each shape. `labelWidth` tells how wide the label of an edge is. */
export function layoutOf(graph: TopologyGraph, sizes: ReadonlyMap<string, Sized>, labelWidth: (edge: Edge) => number): Layout {
  const layers = layersOf(graph);
  const lanes = lanesOf(graph, layers);
  const cells = cellsOf(graph, layers, lanes);
  const xs = columns(graph, layers, sizes, labelWidth);
  const shapes = new Map<string, Placed>();
  let top = MARGIN;
  for (const lane of cells) {
    const heights = [...lane.values()].map((ids) => heightOf(ids, sizes));
    const height = Math.max(0, ...heights);
    for (const [layer, ids] of lane) {
      let y = top + TITLE + PADDING + (height - heightOf(ids, sizes)) / 2;
      for (const id of ids) {
        const size = sizes.get(id)!;
        const column = xs[layer];
        shapes.set(id, { ...size, x: column.x + (column.width - size.width) / 2, y });
        y += size.height + ROW_GAP;
      }
    }
    top += TITLE + 2 * PADDING + height + LANE_GAP;
  }
  const last = xs[xs.length - 1];
  const stages = new Map(
    graph.stages.flatMap(({ id, nodes }) =>
      nodes.length === 0
        ? []
        : [
            [
              id,
              around(
                `${id}`,
                nodes.map((node) => shapes.get(node.id)!),
              ),
            ],
          ],
    ),
  );
  return { width: last.x + last.width + MARGIN, height: top - LANE_GAP + MARGIN, shapes, stages };
}

/** The layer of each shape: a stage begins behind the topics that it reads. */
function layersOf({ topics, stages, edges }: TopologyGraph): ReadonlyMap<string, number> {
  const layers = new Map<string, number>();
  const into = (id: string): readonly string[] => edges.flatMap((edge) => (edge.to === id ? [edge.from] : []));
  for (const topic of topics) layers.set(topic.id, 0);
  for (const { nodes } of stages) {
    const own = new Set(nodes.map(({ id }) => id));
    const read = nodes.flatMap(({ id }) => into(id)).filter((id) => !own.has(id));
    const start = 1 + Math.max(0, ...read.map((id) => layers.get(id) ?? 0));
    for (const { id } of nodes)
      layers.set(id, Math.max(start, ...into(id).flatMap((from) => (own.has(from) ? [layers.get(from)! + 1] : []))));
    const end = Math.max(start - 1, ...nodes.map(({ id }) => layers.get(id)!));
    for (const edge of edges) if (own.has(edge.from) && !own.has(edge.to)) layers.set(edge.to, Math.max(layers.get(edge.to) ?? 0, end + 1));
  }
  // Copied as they are: a topic that a source's rows go to without any node between.
  for (const { from, to } of edges)
    if (from.startsWith('topic ') && to.startsWith('topic ')) layers.set(to, Math.max(layers.get(to)!, layers.get(from)! + 1));
  // A source stands beside its first reader.
  for (const topic of topics.filter(({ role }) => role === 'source')) {
    const readers = edges.flatMap((edge) => (edge.from === topic.id ? [layers.get(edge.to)!] : []));
    if (readers.length > 0) layers.set(topic.id, Math.min(...readers) - 1);
  }
  return layers;
}

/** The lane of each shape: the first one that is free in all layers of its stage; topics stand where they are written, or read. */
function lanesOf({ topics, stages, edges }: TopologyGraph, layers: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const lanes = new Map<string, number>();
  const taken: (readonly [start: number, end: number])[][] = [];
  for (const { nodes } of stages) {
    if (nodes.length === 0) continue;
    const own = nodes.map(({ id }) => layers.get(id)!);
    const [start, end] = [Math.min(...own), Math.max(...own)];
    const isFree = (intervals: (typeof taken)[number]): boolean => intervals.every(([from, to]) => end < from || start > to);
    // Beside what feeds it, where there is room.
    const read = edges.flatMap(({ from, to }) => (nodes.some(({ id }) => id === to) ? [from] : []));
    const writer = edges.find(({ from, to }) => read.includes(to) && lanes.has(from))?.from;
    const beside = writer === undefined ? -1 : lanes.get(writer)!;
    let lane = beside >= 0 && isFree(taken[beside]) ? beside : taken.findIndex(isFree);
    if (lane < 0) lane = taken.push([]) - 1;
    taken[lane].push([start, end]);
    for (const { id } of nodes) lanes.set(id, lane);
  }
  for (const { id } of topics) {
    const beside = edges
      .flatMap(({ from, to }) => (to === id ? [from] : []))
      .concat(edges.flatMap(({ from, to }) => (from === id ? [to] : [])));
    const laneFrom = beside.map((other) => lanes.get(other)).find((lane) => lane !== undefined) ?? 0;
    // Where another stage stands in that layer, the next lane is free, or a new one.
    const layer = layers.get(id)!;
    const free = (lane: number): boolean => !(taken[lane] ?? []).some(([from, to]) => layer >= from && layer <= to);
    let lane = laneFrom;
    while (!free(lane)) lane++;
    lanes.set(id, lane);
  }
  return lanes;
}

/** The shapes of each lane and layer, from top to bottom by the mean place of what feeds them. */
function cellsOf(
  graph: TopologyGraph,
  layers: ReadonlyMap<string, number>,
  lanes: ReadonlyMap<string, number>,
): readonly ReadonlyMap<number, readonly string[]>[] {
  const ids = [...graph.topics.map(({ id }) => id), ...graph.stages.flatMap(({ nodes }) => nodes.map(({ id }) => id))];
  const rows = new Map<string, number>();
  const cells = Array.from({ length: Math.max(0, ...lanes.values()) + 1 }, () => new Map<number, readonly string[]>());
  for (let layer = 0; layer <= Math.max(0, ...layers.values()); layer++) {
    for (const [lane, cell] of cells.entries()) {
      const here = ids.filter((id) => layers.get(id) === layer && lanes.get(id) === lane);
      const rank = (id: string): number => {
        const feeding = graph.edges.flatMap(({ from, to }) => (to === id && rows.has(from) ? [rows.get(from)!] : []));
        return feeding.length === 0 ? 0 : feeding.reduce((sum, row) => sum + row, 0) / feeding.length;
      };
      const sorted = here.map((id) => ({ id, rank: rank(id) })).sort((a, b) => a.rank - b.rank);
      if (here.length > 0)
        cell.set(
          layer,
          sorted.map(({ id }) => id),
        );
      for (const [row, { id }] of sorted.entries()) rows.set(id, lane * 100 + row);
    }
  }
  return cells;
}

interface ColumnPlace {
  readonly x: number;
  readonly width: number;
}

/** Where each layer stands, with room for the labels in front of it. */
function columns(
  graph: TopologyGraph,
  layers: ReadonlyMap<string, number>,
  sizes: ReadonlyMap<string, Sized>,
  labelWidth: (edge: Edge) => number,
): readonly ColumnPlace[] {
  const count = Math.max(0, ...layers.values()) + 1;
  const found: ColumnPlace[] = [];
  let x = MARGIN;
  for (let layer = 0; layer < count; layer++) {
    const width = Math.max(0, ...[...layers].flatMap(([id, at]) => (at === layer ? [sizes.get(id)!.width] : [])));
    found.push({ x, width });
    const labels = graph.edges.flatMap((edge) => (layers.get(edge.from) === layer ? [labelWidth(edge)] : []));
    x += width + Math.max(LAYER_GAP, ...labels.map((label) => label + 2 * PADDING + 12));
  }
  return found;
}

function heightOf(ids: readonly string[], sizes: ReadonlyMap<string, Sized>): number {
  return ids.reduce((sum, id) => sum + sizes.get(id)!.height, 0) + (ids.length - 1) * ROW_GAP;
}

function around(id: string, shapes: readonly Placed[]): Placed {
  const x = Math.min(...shapes.map((shape) => shape.x)) - PADDING;
  const y = Math.min(...shapes.map((shape) => shape.y)) - PADDING - TITLE;
  const right = Math.max(...shapes.map((shape) => shape.x + shape.width)) + PADDING;
  const bottom = Math.max(...shapes.map((shape) => shape.y + shape.height)) + PADDING;
  return { id, x, y, width: right - x, height: bottom - y };
}
