/** The tree of a stage's nodes, looked at from above: who reads what, and which columns anyone needs. */
import { columnsWanted } from '../../plan/columns-used.js';
import { feedsOf, type SinkOutput, type Stage, type StageNode } from '../../plan/physical.js';
import { FIRST_CONSUMER_BIT, MAX_CONSUMERS } from '../../state/group-table.js';
import { kernelUrl } from '../kernel-marks.js';
import { Constants } from './code.js';

export class StageShape {
  readonly constants: Constants;
  /** Nodes that read each node. */
  readonly readers: readonly (readonly number[])[];
  /** Nodes that read each input. */
  readonly inputReaders: readonly (readonly number[])[];
  /** Of nodes that consume a table (sinks, ranks, …): their flag bit in the table that holds the rows. */
  readonly bits: ReadonlyMap<number, number>;
  private readonly wanted: readonly ReadonlySet<string>[];

  constructor(
    readonly stage: Stage,
    pipeline: string | null,
  ) {
    this.constants = new Constants(pipeline === null ? null : kernelUrl(pipeline, stage.id));
    const { nodes, inputs } = stage;
    this.readers = nodes.map((_, i) => indexesOf(nodes, (node) => feedsOf(node).some((feed) => 'node' in feed && feed.node === i)));
    this.inputReaders = inputs.map((_, i) => indexesOf(nodes, (node) => feedsOf(node).some((feed) => 'input' in feed && feed.input === i)));
    const bits = new Map<number, number>();
    for (const [i, node] of nodes.entries()) {
      if (node.op !== 'fold' && node.op !== 'rank' && node.op !== 'spread') continue;
      const consumers = this.consumersOf(i);
      if (consumers.length > MAX_CONSUMERS)
        throw new Error(`${node.id} has ${consumers.length} consumers; at most ${MAX_CONSUMERS} are possible`);
      for (const [k, consumer] of consumers.entries()) bits.set(consumer, 1 << (FIRST_CONSUMER_BIT + k));
    }
    this.bits = bits;
    this.wanted = columnsWanted(nodes);
  }

  node(i: number): StageNode {
    return this.stage.nodes[i];
  }

  sink(output: number): SinkOutput {
    const found = this.stage.outputs[output];
    if (found.kind !== 'sink') throw new Error(`output ${output} of stage ${this.stage.id} is no sink`);
    return found;
  }

  /** Sinks and ranks that take the rows of a table, through filters and projections. */
  consumersOf(i: number): number[] {
    return this.readers[i].flatMap((reader) => {
      const { op } = this.node(reader);
      return op === 'filter' || op === 'project' ? this.consumersOf(reader) : [reader];
    });
  }

  /** All their flag bits. */
  consumerMask(i: number): number {
    return this.consumersOf(i).reduce((mask, consumer) => mask | (this.bits.get(consumer) ?? 0), 0);
  }

  /** Columns of a node's output that those behind it read. */
  wantedOf(i: number): ReadonlySet<string> {
    return this.wanted[i];
  }
}

function indexesOf(nodes: readonly StageNode[], test: (node: StageNode) => boolean): number[] {
  return nodes.flatMap((node, i) => (test(node) ? [i] : []));
}
