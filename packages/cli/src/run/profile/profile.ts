/** `rta run --profile`: samples a run, says what its time went to, and leaves the profile for other tools. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plan } from '@rta/dsl';
import { kernelOf, planStages } from '@rta/runtime';
import type { CliContext } from '../../context.js';
import type { NdjsonWriter } from '../../output/ndjson.js';
import { span } from '../figures.js';
import { timeSpent, type Part, type TimeSpent } from './attribute.js';
import { Sampler } from './sampler.js';

/** Where to, unless told otherwise. */
export const PROFILE_FILE = 'rta.cpuprofile';

const BAR_WIDTH = 20;
/** Parts below this share are summed up. */
const SMALL = 0.005;

/** Runs `body` under the profiler, and reports when it has ended, well or not. */
export async function profiled<T>(
  context: Pick<CliContext, 'cwd' | 'stdout'>,
  { file, plans, json }: { readonly file: string; readonly plans: readonly Plan[]; readonly json: NdjsonWriter | null },
  body: () => Promise<T>,
): Promise<T> {
  const sampler = await Sampler.start();
  try {
    return await body();
  } finally {
    const sampled = await sampler.stop((url) => kernelOf(url) !== null);
    writeFileSync(resolve(context.cwd, file), JSON.stringify(sampled.profile));
    const spent = timeSpent(
      sampled,
      plans.map((plan) => [plan.pipeline, planStages(plan)]),
    );
    if (json !== null) json.write({ profile: { ...spent, file } });
    else context.stdout.write(`\n${profileLines(spent).join('\n')}\n\n${file}: for the Performance tab of Chrome's developer tools\n`);
  }
}

/** As a table with bars. */
function profileLines({ samples, totalMs, idleMs, parts }: TimeSpent): string[] {
  const busyMs = parts.reduce((sum, { ms }) => sum + ms, 0);
  const large = parts.filter(({ ms }) => ms >= SMALL * busyMs);
  const rest = busyMs - large.reduce((sum, { ms }) => sum + ms, 0);
  const rows = [...large, ...(rest > 0 ? [{ part: 'smaller parts', pipeline: null, step: null, ms: rest }] : [])];
  const most = Math.max(...rows.map(({ ms }) => ms), 1);
  return [
    `where the time went: ${span(busyMs)} at work, ${span(idleMs)} waiting, of ${span(totalMs)} (${samples} samples of the main thread)`,
    ...rows.map((row) => {
      const share = busyMs > 0 ? row.ms / busyMs : 0;
      const bar = '█'.repeat(Math.round((row.ms / most) * BAR_WIDTH)).padEnd(BAR_WIDTH);
      return `${(share * 100).toFixed(1).padStart(5)} %  ${bar}  ${span(row.ms).padStart(7)}  ${nameOf(row)}`;
    }),
  ];
}

function nameOf({ part, pipeline, step }: Part): string {
  if (pipeline === null) return part;
  return step === null ? `${pipeline}: ${part}` : `${pipeline}: ${step}`;
}
