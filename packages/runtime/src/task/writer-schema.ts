import { setTimeout as delay } from 'node:timers/promises';
import type { AvroSchema } from '@rta/dsl';
import { PipelineError } from './errors.js';

/** Writer schemas by registry id. Resolves to null where the registry does not know the id; rejects where it cannot be asked. */
export interface SchemaSource {
  byId(id: number): Promise<{ readonly schema: AvroSchema } | null>;
}

/** What a task knows of a writer schema. */
interface Asking {
  readonly schemas: SchemaSource;
  /** Called with the schema, where there is one; not there: nothing is asked. */
  readonly judge?: (schema: AvroSchema) => Promise<void>;
  readonly stopping: () => boolean;
  readonly onWarning: (message: string) => void;
}

/**
 * Asks until the registry answers: while it is out of reach nothing may be read past the record (SEMANTICS rule 26). Null: it has no such
 * id; `stopping`: nobody waits for the answer any more.
 *
 * Rejects with PipelineError: what `judge` rejects with, `registry_failed` where asking again cannot help.
 */
export async function writerSchema(context: Asking, id: number): Promise<{ readonly schema: AvroSchema } | null | 'stopping'> {
  for (let attempt = 0; ; attempt++) {
    try {
      const found = await context.schemas.byId(id);
      if (found !== null && context.judge !== undefined) await context.judge(found.schema);
      return found;
    } catch (error) {
      if (context.stopping()) return 'stopping';
      if (error instanceof PipelineError) throw error;
      if ((error as { retriable?: unknown }).retriable !== true)
        throw new PipelineError('registry_failed', `schema ${String(id)}: ${(error as Error).message}`, true, { cause: error });
      context.onWarning(`schema ${String(id)}: ${(error as Error).message}; its partition waits, trying again`);
      // Not a reason for a process that is done to stay.
      await delay(Math.min(5000, 100 * 2 ** Math.min(attempt, 10)), undefined, { ref: false });
      if (context.stopping()) return 'stopping';
    }
  }
}
