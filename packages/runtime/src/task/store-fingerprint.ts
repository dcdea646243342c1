import { createHash } from 'node:crypto';
import type { Stage } from '../plan/physical.js';

/** Of what the bytes of a task's store mean: pipeline, stage, partition, and the shape of everything that keeps state. */
export function storeFingerprint(task: string, stage: Stage): string {
  const shape = JSON.stringify(
    stage.stores.map((s) => ({ kind: s.kind, node: stage.nodes[s.node] })),
    (key, value: unknown) => (key === 'span' ? undefined : typeof value === 'bigint' ? value.toString() : value),
  );
  const hash = createHash('sha256').update(shape).digest('hex').slice(0, 16);
  return `${task}/${hash}`;
}
