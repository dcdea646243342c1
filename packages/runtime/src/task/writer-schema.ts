import { setTimeout as delay } from 'node:timers/promises';
import type { AvroSchema } from '@rta/dsl';
import { PipelineError } from './errors.js';

/** Writer schemas by registry id. Resolves to null where the registry does not know the id; rejects where it cannot be asked. */
export interface SchemaSource {
  byId(id: number): Promise<{ readonly schema: AvroSchema } | null>;
}

/**
 * Asks until the registry answers: while it is out of reach nothing may be read past the record (SEMANTICS rule 26). Null: it has no such
 * id; `stopping`: nobody waits for the answer any more.
 *
 * Rejects with PipelineError `registry_failed` where asking again cannot help.
 */
export async function writerSchema(
  context: { readonly schemas: SchemaSource; readonly stopping: () => boolean; readonly onWarning: (message: string) => void },
  id: number,
): Promise<{ readonly schema: AvroSchema } | null | 'stopping'> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await context.schemas.byId(id);
    } catch (error) {
      if (context.stopping()) return 'stopping';
      if ((error as { retriable?: unknown }).retriable !== true)
        throw new PipelineError('registry_failed', `schema ${String(id)}: ${(error as Error).message}`, true, { cause: error });
      context.onWarning(`schema ${String(id)}: ${(error as Error).message}; its partition waits, trying again`);
      // Not a reason for a process that is done to stay.
      await delay(Math.min(5000, 100 * 2 ** Math.min(attempt, 10)), undefined, { ref: false });
      if (context.stopping()) return 'stopping';
    }
  }
}
