import { renderAll, toJson } from '@rta/dsl';
import { adviceOf } from '@rta/runtime';
import type { CliContext } from '../context.js';
import { colours } from '../output/colour.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { LoadedPipeline } from '../project/load.js';

/** Writes the advice on all pipelines that compile; what is accepted is counted, and told apart in JSON. */
export function explainAdvice(context: CliContext, pipelines: readonly LoadedPipeline[], json: boolean): void {
  const found = pipelines.flatMap(({ path, plan }) => (plan === null ? [] : [{ path, pipeline: plan.pipeline, advice: adviceOf(plan) }]));
  if (json) {
    const out = new NdjsonWriter(context.stdout, 'explain');
    for (const { path, pipeline, advice } of found)
      for (const { diagnostic, accepted } of advice) out.write({ pipeline, path, advice: toJson(diagnostic), accepted });
    return;
  }
  const all = found.flatMap(({ advice }) => advice);
  const open = all.filter(({ accepted }) => accepted === null).map(({ diagnostic }) => diagnostic);
  if (open.length > 0) context.stdout.write(`${renderAll(open, { colour: colours(context.stdout, context.env) })}\n`);
  const accepted = all.length - open.length;
  const pipelineCount = `${found.length} ${found.length === 1 ? 'pipeline' : 'pipelines'}`;
  if (open.length === 0) context.stdout.write(`no advice on ${pipelineCount}\n`);
  if (accepted > 0) context.stdout.write(`${accepted} accepted in comments\n`);
}
