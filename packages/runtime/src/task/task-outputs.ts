import type { BatchBuilder } from '../log/batch/batch-builder.js';
import { tpKey, type OutputBatch } from '../log/log.js';
import type { Stage } from '../plan/physical.js';
import { BadRecords } from './bad-records.js';
import { internalBuilder, outputBuilder } from './output-builder.js';
import { POSITION_KEY } from './position.js';
import type { TaskContext } from './task-context.js';

/** What a task has to write since its last flush: its outputs, its changelog, and the records that it put aside. */
export class TaskOutputs {
  readonly bad: BadRecords;
  /** By topic and partition. */
  private readonly builders = new Map<string, BatchBuilder>();
  private log: BatchBuilder | null = null;

  constructor(
    private readonly context: TaskContext,
    private readonly stage: Stage,
    private readonly partition: number,
  ) {
    this.bad = new BadRecords({
      pipeline: context.pipeline,
      stage,
      partition,
      late: context.policies.late,
      errors: context.policies.errors,
      partitionsOf: context.partitionsOf,
      clock: context.clock,
      limits: context.limits,
    });
  }

  /** @param output number of an output of the stage */
  to(output: number, partition: number): BatchBuilder {
    const key = tpKey(this.stage.outputs[output].topic, partition);
    let builder = this.builders.get(key);
    if (!builder) {
      builder = outputBuilder(this.stage.outputs[output], partition, this.context.limits, this.bad);
      this.builders.set(key, builder);
    }
    return builder;
  }

  /** Null: the stage keeps no state. */
  changelog(): BatchBuilder | null {
    if (this.stage.changelog === null) return null;
    this.log ??= internalBuilder(this.stage.changelog, this.partition, this.context.limits);
    return this.log;
  }

  /** All of it, the changelog first, which ends with the position. */
  take(position: string): { readonly outputs: readonly OutputBatch[]; readonly changelogBatches: number } {
    const outputs: OutputBatch[] = [];
    const changelog = this.changelog();
    if (changelog !== null) {
      const value = Buffer.from(position, 'utf8');
      changelog.append(this.context.clock.now(), POSITION_KEY, 0, 1, value, 0, value.length, null);
      outputs.push(...changelog.take());
    }
    const changelogBatches = outputs.length;
    for (const builder of this.builders.values()) if (builder.count > 0) outputs.push(...builder.take());
    outputs.push(...this.bad.take());
    return { outputs, changelogBatches };
  }
}
