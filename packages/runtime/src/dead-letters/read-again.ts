/** Whether a record that became a dead letter could be read and computed now: by the pipeline's own kernel, as it is today. */
import type { Plan } from '@rta/dsl';
import { loadFunctions } from '../functions/load-functions.js';
import { UnknownSchema, type KernelCompiler, type KernelEnv } from '../kernel/stage-kernel.js';
import { BatchBuilder } from '../log/batch/batch-builder.js';
import { parseBatches } from '../log/batch/batch-reader.js';
import { encodeHeaders } from '../log/batch/records.js';
import { planStages } from '../plan/plan-stages.js';
import type { PhysicalPlan, Stage } from '../plan/physical.js';
import type { SchemaSource } from '../task/writer-schema.js';
import type { Letter } from './letters.js';

/** What would become of a letter's record. `unread`: the pipeline does not read its topic (any more). */
export type Verdict =
  | { readonly outcome: 'read' }
  | { readonly outcome: 'unread' }
  | { readonly outcome: 'refused'; readonly reason: string; readonly message: string; readonly step: string };

/** Judges the letters of one pipeline. */
export class ReadAgain {
  private constructor(
    private readonly plan: PhysicalPlan,
    private readonly compile: KernelCompiler,
    private readonly schemas: SchemaSource,
  ) {}

  /** Rejects with PipelineError `invalid_function` for a function of the user's that cannot be loaded. */
  static async open(plan: Plan, compile: KernelCompiler, schemas: SchemaSource): Promise<ReadAgain> {
    return new ReadAgain(planStages(await loadFunctions(plan)), compile, schemas);
  }

  /**
   * Each stage that reads the topic is given the record alone, without state: what the result depends on beside the record (whether it is
   * late, say) is not judged. Rejects with RegistryError where a schema has to be looked up and that cannot be.
   */
  async judge(letter: Letter): Promise<Verdict> {
    let verdict: Verdict = { outcome: 'unread' };
    for (const stage of this.plan.stages)
      for (const [input, { kind, topic }] of stage.inputs.entries()) {
        if (kind !== 'source' || topic !== letter.source.topic) continue;
        const refused = await this.refusal(stage, input, letter);
        if (refused !== null) return refused;
        verdict = { outcome: 'read' };
      }
    return verdict;
  }

  private async refusal(stage: Stage, input: number, letter: Letter): Promise<Verdict | null> {
    const schemas = new Map<number, Parameters<ReturnType<ReturnType<KernelCompiler>>['addWriterSchema']>[2]>();
    for (;;) {
      const refused: { verdict: Verdict | null } = { verdict: null };
      const kernel = this.compile(stage)(
        envOf(stage, letter.source.partition, (step, reason, message) => {
          refused.verdict ??= { outcome: 'refused', reason, message, step };
        }),
      );
      kernel.restored(-Infinity);
      for (const [id, schema] of schemas) kernel.addWriterSchema(input, id, schema);
      try {
        for (const batch of batchesOf(letter)) kernel.process(input, batch, 0);
        return refused.verdict;
      } catch (error) {
        if (!(error instanceof UnknownSchema) || schemas.has(error.schemaId)) throw error;
        schemas.set(error.schemaId, (await this.schemas.byId(error.schemaId))?.schema ?? null);
      }
    }
  }
}

function batchesOf({ source, key, value, headers }: Letter) {
  const builder = new BatchBuilder(source.topic, source.partition);
  builder.append(source.timestamp, key, 0, key?.length ?? 0, value, 0, value?.length ?? 0, encodeHeaders(headers));
  return builder.take().flatMap(({ batch }) => parseBatches(batch, { verifyCrc: false }));
}

/** A task that keeps nothing of what it computes. */
function envOf(stage: Stage, partition: number, refused: (step: string, reason: string, message: string) => void): KernelEnv {
  const builders = new Map<string, BatchBuilder>();
  const builder = (name: string): BatchBuilder => {
    const known = builders.get(name) ?? new BatchBuilder(name, 0);
    builders.set(name, known);
    return known;
  };
  return {
    partition,
    tasks: null,
    output: (output, to) => builder(`${String(output)}-${String(to)}`),
    partitions: stage.outputs.map(() => 1),
    schemaIds: stage.outputs.map((output) =>
      output.kind === 'sink'
        ? { key: output.keySchema === null ? null : 0, value: output.valueSchema === null ? null : 0 }
        : { key: null, value: null },
    ),
    changelog: () => (stage.changelog === null ? null : builder('changelog')),
    store: null,
    memoryLimit: Infinity,
    late: () => undefined,
    reject: (_, step, code, message) => {
      refused(step, code, message);
    },
    now: () => Date.now(),
  };
}
