import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import type { KernelEnv } from '../../src/kernel/stage-kernel.js';

/** Surroundings of a stage that has two sinks and no state. */
export function envOf(): KernelEnv {
  const builders = new Map<string, BatchBuilder>();
  return {
    partition: 0,
    tasks: 1,
    output: (output, partition) => {
      const id = `${output}-${partition}`;
      const builder = builders.get(id) ?? new BatchBuilder(id, partition);
      builders.set(id, builder);
      return builder;
    },
    partitions: [1, 1],
    schemaIds: [0, 1].map(() => ({ key: 1, value: 2 })),
    changelog: () => null,
    store: null,
    memoryLimit: Infinity,
    late: () => undefined,
    reject: () => undefined,
    now: () => 1e9,
  };
}
