/** The tree of a stage's nodes, looked at from above: who reads what, and which columns anyone needs. */
import type { TypedExpr } from '@rta/dsl';
import { columnsKept, columnsOf, expressionsOf } from '../../plan/columns-used.js';
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
  wantedOf(i: number): Set<string> {
    return this.wantedBy(this.readers[i]);
  }

  /** Columns that `readers` and those behind them read of what they are given. */
  wantedBy(readers: readonly number[]): Set<string> {
    const wanted = new Set<string>();
    const add = (expr: TypedExpr | null): void => {
      if (expr !== null) columnsOf(expr, wanted);
    };
    for (const reader of readers) {
      const node = this.node(reader);
      switch (node.op) {
        case 'filter':
          add(node.transform.condition);
          for (const name of this.wantedOf(reader)) wanted.add(name);
          break;
        case 'project': {
          for (const column of node.transform.columns) add(column.expr);
          break;
        }
        case 'unnest':
          for (const name of this.wantedOf(reader)) if (name !== node.transform.column.name) wanted.add(name);
          add(node.transform.array);
          break;
        case 'fold':
          for (const group of node.transform.group) add(group.expr);
          add(node.transform.closes ?? null);
          for (const accumulator of node.transform.accumulators) {
            expressionsOf(accumulator).forEach(add);
            for (const name of columnsKept(accumulator)) wanted.add(name);
          }
          if (node.inputKind === 'table') for (const name of node.inputKey ?? []) wanted.add(name);
          break;
        case 'refer':
        case 'send':
          if (node.op === 'refer') for (const name of node.inputKey ?? []) wanted.add(name);
          for (const key of node.transform.key) add(key);
          for (const column of node.transform.columns) add(column.expr);
          break;
        case 'foreign':
        case 'join':
          break;
        case 'rank':
        case 'spread':
        case 'over':
        case 'alert':
        case 'sink':
          for (const column of node.inputColumns) wanted.add(column.name);
      }
    }
    return wanted;
  }
}

function indexesOf(nodes: readonly StageNode[], test: (node: StageNode) => boolean): number[] {
  return nodes.flatMap((node, i) => (test(node) ? [i] : []));
}
