import { didYouMean, listing } from '@rta/dsl';
import type { Log, TopicDescription } from '@rta/runtime';
import { Failure } from '../failure.js';

/** Topics that pipelines make for themselves. */
export function isInternal(topic: string): boolean {
  return topic.startsWith('rta.');
}

/** The topic of a name. Rejects with Failure `unknown_topic`, saying which one was probably meant. */
export async function findTopic(log: Log, name: string): Promise<TopicDescription> {
  const topics = await log.topics();
  const found = topics.find((topic) => topic.name === name);
  if (found !== undefined) return found;
  const names = topics.map((topic) => topic.name);
  const known = names.filter((other) => !isInternal(other));
  throw new Failure(
    'unknown_topic',
    `there is no topic ${name}`,
    didYouMean(name, names, (other) => other) ?? (known.length > 0 ? `there is ${listing(known, 'and')}` : 'there are no topics yet'),
  );
}
