import type { Plan } from '@rta/dsl';
import { compileStage } from '../kernel/compile-stage.js';
import type { KernelCompiler, KernelFactory } from '../kernel/stage-kernel.js';
import type { SinkSchemaIds } from '../task/task-context.js';
import { GivenEncoder } from './encode-given.js';
import { TestSchemas, type AvroSupport } from './test-schemas.js';

/** What the tests of one plan share: its kernels are generated once. */
export interface PreparedPlan {
  /** The plan with one partition per topic. */
  readonly plan: Plan;
  readonly schemas: TestSchemas;
  readonly sinkSchemaIds: Readonly<Record<string, SinkSchemaIds>>;
  readonly compileStage: KernelCompiler;
  /** By source topic. */
  readonly encoders: ReadonlyMap<string, GivenEncoder>;
  /** Whether a source takes its event time from the clock. */
  readonly clockTime: boolean;
  /** Of `emit: every`; 0 where there is none. */
  readonly longestPeriodMs: number;
}

/** Prepares a plan for its tests. */
export function preparePlan(plan: Plan, avro: AvroSupport): PreparedPlan {
  const schemas = new TestSchemas();
  const transforms = plan.steps.flatMap((step) => step.transforms);
  const factories = new Map<number, KernelFactory>();
  return {
    plan: {
      ...plan,
      topics: plan.topics.map((topic) => ({ ...topic, partitions: 1, replication: null })),
    },
    schemas,
    sinkSchemaIds: Object.fromEntries(
      plan.sinks.map(({ id, topic, keySchema, valueSchema }) => [
        id,
        {
          key: keySchema === null ? null : schemas.idOf(`${topic}-key`, keySchema),
          value: valueSchema === null ? null : schemas.idOf(`${topic}-value`, valueSchema),
        },
      ]),
    ),
    // The stages of a plan are the same each time that it is staged.
    compileStage(stage) {
      const factory = factories.get(stage.id) ?? compileStage(stage);
      factories.set(stage.id, factory);
      return factory;
    },
    encoders: new Map(plan.sources.map((source) => [source.topic, new GivenEncoder(source, avro, schemas)])),
    clockTime: plan.sources.some((source) => source.time.from === 'clock'),
    longestPeriodMs: Math.max(0, ...transforms.map((t) => ('emit' in t && t.emit.mode === 'every' ? t.emit.everyMs : 0))),
  };
}
