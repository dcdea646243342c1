/** Which sources are read in one stage, since their rows are joined where they are. */
import type { Plan } from '@rta/dsl';

/** Groups of two sources or more, by id. */
export function sourcesReadTogether({ sources, steps }: Plan): readonly (readonly string[])[] {
  const groups = new Map(sources.map(({ id }) => [id, new Set([id])]));
  const rootsOf = (id: string): string[] => {
    const step = steps.find((each) => each.id === id);
    return step === undefined ? [id] : [step.input, ...(step.others ?? [])].flatMap(rootsOf);
  };
  for (const step of steps) {
    if (!step.transforms.some((transform) => transform.type === 'join' && transform.copartitioned === true)) continue;
    const together = new Set(rootsOf(step.id).flatMap((id) => [...(groups.get(id) ?? [])]));
    for (const id of together) groups.set(id, together);
  }
  return [...new Set(groups.values())].filter(({ size }) => size > 1).map((group) => [...group]);
}
