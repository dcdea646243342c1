/** The example of each aggregate gives what its page says. */
import type { AvroSchema } from '@rta/dsl';
import { compile, renderAll } from '@rta/dsl';
import { aggregates, operators } from '@rta/operators';
import { describe, expect, it } from 'vitest';
import { AvroCodec } from '../../src/kernel/interpreter/avro-codec.js';
import type { Datum } from '../../src/kernel/interpreter/avro-read.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { implementations } from './implementations.js';
import { runPipeline } from './stage-runner.js';

const SCHEMA_ID = 7;

describe.each(implementations)('%s', (_name, kernelOf) => {
  it.each(aggregates.map((spec) => [spec.name, spec] as const))('%s', (_aggregate, { example, sample }) => {
    const fields = Object.entries({ at: 'long', ...sample.columns }).map(([name, type]) => ({ name, type }));
    const schema: AvroSchema = { type: 'record', name: 'example', fields };
    const { plan, diagnostics } = compile({
      file: {
        path: 'example.yaml',
        text: `pipeline: p\nsource: { topic: in, schema: example, time: at }\nsteps:\n  - aggregate:\n      x: '${example}'\nsink: { topic: out }\n`,
      },
      project: null,
      loadSchema: () => ({ schema }),
      schemaNames: () => ['example'],
      operators,
      aggregates,
      env: {},
    });
    if (plan === null) throw new Error(renderAll(diagnostics));
    const codec = new AvroCodec(schema);
    const { sinks } = runPipeline({
      plan: planStages(plan),
      kernelOf,
      input: [
        sample.rows.map((row, i) => ({
          key: null,
          value: Buffer.concat([Buffer.of(0, 0, 0, 0, SCHEMA_ID), codec.encode({ at: i, ...row })]),
        })),
      ],
      downstreamPartitions: 1,
      choose: () => 0,
      steps: 0,
      preAggregation: true,
      restarts: false,
      writerSchemas: new Map([[SCHEMA_ID, schema]]),
    });
    const value = sinks.get('out')!.at(-1)!.value!;
    const row = new AvroCodec(plan.sinks[0].valueSchema!).decode(value.subarray(5)) as ReadonlyMap<string, Datum>;
    expect(row.get('x')).toEqual(sample.gives);
  });
});
