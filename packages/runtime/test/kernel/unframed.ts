/** What the kernel makes of record values that are not framed Avro is what the interpreter makes of them. */
import { Buffer } from 'node:buffer';
import { type AvroSchema, avroToType, type Column, type Type, type ValueFormat } from '@rta/dsl';
import fc from 'fast-check';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { parseBatches } from '../../src/log/batch/batch-reader.js';
import { records } from '../../src/log/batch/records.js';
import { compileStage } from '../../src/kernel/compile-stage.js';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import type { KernelFactory, StageKernel } from '../../src/kernel/stage-kernel.js';
import { planStages } from '../../src/plan/plan-stages.js';
import type { Stage } from '../../src/plan/physical.js';
import { lockstep } from '../laws/lockstep.js';
import { buildPlan } from '../laws/plan-builder.js';
import { RUNS, SEED } from '../laws/settings.js';
import { column } from '../laws/typed-expressions.js';
import { envOf } from './stage-env.js';

/** A stage that copies columns of a source, whose times are in `at`, to an Avro sink and one of the source's format. */
function copyStage(format: ValueFormat, schema: AvroSchema, used?: readonly string[]): Stage {
  const columns: readonly Column[] = (avroToType(schema).type as Type & { kind: 'record' }).fields;
  const chosen = columns.filter(({ name }) => used?.includes(name) !== false);
  const plan = buildPlan(
    { columns, schema, time: 'at', format },
    [
      {
        id: 's0',
        input: 'source',
        transform: { type: 'project', columns: chosen.map((c) => ({ name: c.name, expr: column(c.name, c.type) })) },
      },
    ],
    [{ input: 's0' }, { input: 's0', format }],
  );
  return planStages(plan).stages[0];
}

function feed(kernel: StageKernel, texts: readonly (string | Uint8Array)[]): void {
  const builder = new BatchBuilder('in', 0);
  for (const value of texts.map((t) => Buffer.from(t))) builder.append(0, null, 0, 0, value, 0, value.length, null);
  for (const { batch } of builder.take()) for (const b of parseBatches(batch, { verifyCrc: false })) kernel.process(0, b, 0);
  kernel.flush(-Infinity);
}

/** Kernel and interpreter agree on random texts. */
export function checkAgreement(format: ValueFormat, schema: AvroSchema, text: fc.Arbitrary<string>, used?: readonly string[]): void {
  const stage = copyStage(format, schema, used);
  const make = lockstep(stage, interpretStage(stage), compileStage(stage), ['interpreter', 'kernel']);
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (texts) => {
      feed(make(envOf()), texts);
    }),
    { numRuns: RUNS * 3, seed: SEED },
  );
}

/** The copies of some values as the format writes them, or `code: message` of those that are rejected. */
export function copied(
  kernelOf: (stage: Stage) => KernelFactory,
  format: ValueFormat,
  schema: AvroSchema,
  values: readonly string[],
): readonly string[] {
  const stage = copyStage(format, schema);
  const rejected: string[] = [];
  const builders = new Map<number, BatchBuilder>();
  const env = {
    ...envOf(),
    output: (output: number): BatchBuilder => {
      const builder = builders.get(output) ?? new BatchBuilder('out', 0);
      builders.set(output, builder);
      return builder;
    },
    reject: (_record: unknown, _step: string, code: string, message: string): void => void rejected.push(`${code}: ${message}`),
  };
  feed(kernelOf(stage)(env), values);
  const written = (builders.get(1)?.take() ?? []).flatMap(({ batch }) => parseBatches(batch, { verifyCrc: false }));
  return [...written.flatMap((b) => [...records(b, 0)].map(({ value }) => Buffer.from(value!).toString())), ...rejected];
}
