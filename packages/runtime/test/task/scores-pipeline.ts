import type { Plan } from '@rta/dsl';
import { unique } from '../log/outputs.js';
import type { Backend } from './backend.js';
import { compiled, scoreBatches, topicRows, USER_SCORE, type TopicRow } from './project.js';
import type { Score } from './scores.js';

export interface ScoresPipeline {
  /** Its name; that of its source ends in `-in`, that of its sink in `-out`. */
  readonly pipeline: string;
  readonly source: string;
  readonly plan: Plan;
  readonly write: (scores: readonly Score[]) => Promise<void>;
  /** Of its sink. */
  readonly rows: () => Promise<TopicRow[]>;
}

/**
 * A pipeline over scores with topics of its own.
 *
 * @param steps as under `steps:`, indented
 * @param more settings of the source and of the sink, with a comma before each
 */
export async function scoresPipeline(
  { log, registry }: Backend,
  name: string,
  partitions: number,
  steps: string,
  more: { readonly source?: string; readonly sink?: string } = {},
): Promise<ScoresPipeline> {
  const pipeline = unique(name);
  const source = `${pipeline}-in`;
  const schemaId = await registry.register('user-score-value', USER_SCORE);
  await log.ensureTopics([{ name: source, partitions }]);
  const plan = compiled(`pipeline: ${pipeline}
source: { topic: ${source}, key: user_id, schema: user_score, time: event_time_millis${more.source ?? ''} }
steps:
${steps}
sink: { topic: ${pipeline}-out${more.sink ?? ''} }
`);
  const write = async (scores: readonly Score[]): Promise<void> => {
    await log.append(scoreBatches(source, partitions, scores, schemaId));
  };
  return { pipeline, source, plan, write, rows: () => topicRows(log, registry, `${pipeline}-out`) };
}
