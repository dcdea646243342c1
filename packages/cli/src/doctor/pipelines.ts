/** The pipelines, and the topics that they read. */
import type { Plan } from '@rta/dsl';
import type { TopicDescription } from '@rta/runtime';
import type { LoadedProject } from '../project/load.js';
import { failed, ok, warning, type Finding } from './finding.js';

export function checkPipelines({ pipelines, diagnostics }: LoadedProject): Finding {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const wrong = pipelines.filter(({ plan }) => plan === null).map(({ path }) => path);
  if (errors === 0 && wrong.length === 0)
    return ok('pipelines', pipelines.length === 1 ? '1 pipeline compiles' : `${pipelines.length} pipelines compile`);
  const where = wrong.length === 0 ? 'rta.yaml' : wrong.join(', ');
  return failed('pipelines', `${errors === 1 ? '1 error' : `${errors} errors`} in ${where}`, 'rta check says what and where');
}

/** One finding per source topic. @param makesTopics whether a run makes those that are missing, as on the embedded log */
export function checkSources(plans: readonly Plan[], topics: readonly TopicDescription[], makesTopics: boolean): Finding[] {
  const readers = new Map<string, Plan[]>();
  for (const plan of plans) for (const { topic } of plan.sources) readers.set(topic, [...(readers.get(topic) ?? []), plan]);
  return [...readers].map(([name, of]): Finding => {
    const check = 'source';
    const declared = of.flatMap((plan) => plan.topics).find((topic) => topic.name === name);
    const found = topics.find((topic) => topic.name === name);
    if (found === undefined) {
      if (makesTopics || declared !== undefined) return warning(check, `${name} does not exist yet`, 'rta run makes it');
      return failed(check, `${name} does not exist`, 'create it, or declare it under `topics:` with its partitions');
    }
    const count = found.partitions === 1 ? '1 partition' : `${found.partitions} partitions`;
    const wanted = declared?.partitions ?? found.partitions;
    if (wanted !== found.partitions)
      return warning(check, `${name} has ${count}, declared are ${wanted}`, 'declare what is there: existing topics are not changed');
    return ok(check, `${name}: ${count}, read by ${[...new Set(of.map(({ pipeline }) => pipeline))].join(', ')}`);
  });
}
