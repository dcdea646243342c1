import type { Plan } from '@rta/dsl';
import type { SchemaRegistry } from '@rta/registry';
import { LogError, type Log } from '@rta/runtime';
import { Refused } from '../refused.js';
import { SinkView } from '../sinks/sink-view.js';
import { named, sinkAnswer, storeAnswer, storeQuery, storeSelection, withTheOthers, type Answer } from './answer.js';
import type { QueryText } from './selection.js';

/**
 * What a store or a sink has, from what is committed in the log alone, whether the pipeline runs or not. Rejects with Refused for what cannot be
 * meant, LogError and RegistryError.
 */
export async function answerFromLog(plan: Plan, name: string, text: QueryText, log: Log, registry: SchemaRegistry): Promise<Answer> {
  const found = named(plan, name);
  try {
    if ('sink' in found) {
      const view = new SinkView(plan, found.sink, log, registry);
      await view.refresh();
      return sinkAnswer(plan, view, text);
    }
    const selection = storeSelection(found.store, text);
    const time = Date.now();
    const answers = await withTheOthers(log, found.store, storeQuery(found.store, selection), []);
    return storeAnswer(plan, found.store, selection, time, answers);
  } catch (error) {
    if (!(error instanceof LogError) || error.code !== 'unknown_topic') throw error;
    throw new Refused(404, 'not_run', `${plan.pipeline} has written nothing here: it has not run`);
  }
}
