/** A step may be two nodes, with a topic between them. */
import type { StageNode } from './physical.js';

/** Whether rows come to the step at this node: it is no second half. */
export function begins(node: StageNode): boolean {
  return (
    !(node.op === 'fold' && node.mode === 'merge') &&
    !(node.op === 'rank' && node.mode === 'global') &&
    !(node.op === 'over' && node.mode === 'receive')
  );
}

/** Whether the step's rows come out of this node: it is no first half. */
export function ends(node: StageNode): boolean {
  return (
    !(node.op === 'fold' && node.mode === 'partial') &&
    !(node.op === 'rank' && node.mode === 'local') &&
    !(node.op === 'over' && node.mode === 'send')
  );
}
