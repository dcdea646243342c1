import type { Plan } from '@rta/dsl';
import type { SchemaRegistry } from '@rta/registry';
import { LogError, type Log } from '@rta/runtime';
import { Refused } from '../refused.js';
import { SinkView } from '../sinks/sink-view.js';
import { named, sinkAnswer, storeAnswer, storeSelection, type Answer } from './answer.js';
import type { QueryText } from './selection.js';
import { withTheOthers } from './store-parts.js';

interface AnswerSource {
  readonly log: Log;
  readonly registry: SchemaRegistry;
  /** What running processes ask for; null: nothing. */
  readonly token: string | null;
}

/**
 * What a store or a sink has: of stores by those that run and serve, and else from what is committed in the log, whether the pipeline runs or not. Rejects with Refused for what cannot be
 * meant, LogError and RegistryError.
 */
export async function answerFromLog(plan: Plan, name: string, text: QueryText, from: AnswerSource): Promise<Answer> {
  const { log, registry, token } = from;
  const found = named(plan, name);
  try {
    if ('sink' in found) {
      const view = new SinkView(plan, found.sink, log, registry);
      await view.refresh();
      // While a transaction is under way it is not known yet.
      for (let i = 0; i < 10 && view.asOf.watermark === null; i++) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        await view.refresh();
      }
      return sinkAnswer(plan, view, text);
    }
    const selection = storeSelection(found.store, text);
    const time = Date.now();
    const others = { plan, store: found.store, selection, text, log, token, address: null };
    return storeAnswer(plan, found.store, selection, time, await withTheOthers([], others));
  } catch (error) {
    if (!(error instanceof LogError) || error.code !== 'unknown_topic') throw error;
    throw new Refused(404, 'not_run', `${plan.pipeline} has written nothing here: it has not run`);
  }
}
