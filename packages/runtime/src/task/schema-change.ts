/** What a task asks when it first meets the schema that a source's records were written with. */
import type { AvroSchema, Plan } from '@rta/dsl';
import type { UnknownSchema } from '../kernel/stage-kernel.js';
import type { SourceInput, Stage } from '../plan/physical.js';
import { PipelineError } from './errors.js';
import type { SinkSchemaIds } from './task-context.js';

/** A pipeline and what its sinks are framed with. */
export interface RunnablePlan {
  readonly plan: Plan;
  /** By sink id. */
  readonly sinkSchemaIds: Readonly<Record<string, SinkSchemaIds>>;
}

/** Why a pipeline does not go on as it is. */
export interface SchemaChange {
  /** Which fields are concerned, by which rules, and what would fix it. */
  readonly reason: string;
  /** The same pipeline with another reader schema, whose state has the same layout: it goes on with that. Null: it ends. */
  readonly next: RunnablePlan | null;
}

/**
 * Null: the records are read as they are, and what cannot be read goes where `errors:` says. May reject with an error that is `retriable`, and
 * is called again then.
 *
 * @param writer the schema of `schemaId`, of records in `source`
 */
export type JudgeWriterSchema = (source: SourceInput, schemaId: number, writer: AvroSchema) => Promise<SchemaChange | null>;

/** Before a record whose schema changes the pipeline; what came before it may be committed, and nothing after it has been read. */
export class SchemaChangedError extends PipelineError {
  constructor(
    readonly change: SchemaChange,
    place: string,
  ) {
    super('incompatible_schema', `${place}: ${change.reason}`, false);
  }
}

/** @throws SchemaChangedError */
export async function judgeWriterSchema(
  judge: JudgeWriterSchema,
  { inputs }: Stage,
  partition: number,
  { input, schemaId, offset, ofKey }: UnknownSchema,
  writer: AvroSchema,
): Promise<void> {
  const source = inputs[input];
  // Keys are compared by what they hold, record for record.
  if (source.kind !== 'source' || ofKey) return;
  const change = await judge(source, schemaId, writer);
  if (change !== null) throw new SchemaChangedError(change, `${source.topic}-${String(partition)} offset ${String(offset)}`);
}
