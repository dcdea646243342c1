import type { AvroSchema } from '@rta/dsl';
import { pause, type Clock } from './clock.js';
import { PipelineError } from './errors.js';

/** Writer schemas by registry id. Resolves to null where the registry does not know the id; rejects where it cannot be asked. */
export interface SchemaSource {
  byId(id: number): Promise<{ readonly schema: AvroSchema } | null>;
}

/**
 * Asks until the registry answers: while it is out of reach nothing may be read past the record (SEMANTICS rule 26). Null: it has no such id.
 *
 * Rejects with PipelineError `registry_failed` where asking again cannot help, or the worker was asked to end.
 */
export async function writerSchema(
  context: {
    readonly schemas: SchemaSource;
    readonly clock: Clock;
    readonly stopping: () => boolean;
    readonly onWarning: (message: string) => void;
  },
  id: number,
): Promise<{ readonly schema: AvroSchema } | null> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await context.schemas.byId(id);
    } catch (error) {
      if ((error as { retriable?: unknown }).retriable !== true || context.stopping())
        throw new PipelineError('registry_failed', `schema ${String(id)}: ${(error as Error).message}`, true, { cause: error });
      context.onWarning(`schema ${String(id)}: ${(error as Error).message}; trying again`);
      await pause(context.clock, Math.min(5000, 100 * 2 ** Math.min(attempt, 10)));
    }
  }
}
