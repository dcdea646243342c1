import {
  pipelineLag,
  planStages,
  stateOf,
  versionOf,
  type GroupMemberDescription,
  type Log,
  type PipelineDeployments,
  type VersionState,
} from '@rta/runtime';
import type { BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { tableLines } from '../output/table.js';
import type { AddCommand } from '../program.js';
import { compileDeployed } from '../project/compile-deployed.js';
import { recordOptions, withRecord } from './deployments.js';

interface PsOptions extends BackendOptions {
  readonly json?: boolean;
}

interface Line {
  readonly pipeline: string;
  readonly version: number;
  readonly state: VersionState;
  readonly workers: readonly GroupMemberDescription[];
  /** Records that are not read yet; null where that cannot be told from here. */
  readonly lag: number | null;
  /** ms */
  readonly since: number;
  readonly by: string;
}

export const addPs: AddCommand = (program, act) => {
  recordOptions(program.command('ps').description('What is deployed: pipelines, versions, workers, lag'))
    .addHelpText(
      'after',
      `
A version that is being rebuilt has a line of its own. WORKERS counts processes that are members of its consumer group; 0 where none runs.
LAG is in offsets, over all source partitions; of a version that is being rebuilt, behind what there is, not behind the one that runs; ? where
that cannot be told from here: a module that it uses is another one, or this rta does not compile it.`,
    )
    .action(act(ps));
};

const ps: Action<PsOptions> = (context, _args, options) =>
  withRecord(context, options, async (deployments, log) => {
    const { pipelines } = await deployments.read();
    const lines: Line[] = [];
    for (const pipeline of pipelines.values())
      for (const version of [pipeline.current, ...(pipeline.rebuild === null ? [] : [pipeline.rebuild.version])])
        lines.push(await lineOf(context, log, pipeline, version));
    if (options.json === true) {
      const out = new NdjsonWriter(context.stdout, 'ps');
      for (const line of lines) out.write({ ...line });
      return;
    }
    context.stdout.write(lines.length === 0 ? 'nothing is deployed\n' : `${table(lines).join('\n')}\n`);
    for (const { pipeline, version, workers, state } of lines)
      if (workers.length === 0 && state === 'running')
        context.stderr.write(`nothing runs ${pipeline} version ${version}: \`rta worker\` does\n`);
    for (const { pipeline, rebuild } of pipelines.values())
      if (rebuild?.phase === 'rebuilding' && rebuild.manual)
        context.stderr.write(`${pipeline} version ${rebuild.version} waits for \`rta promote ${pipeline}\`\n`);
  });

async function lineOf(context: CliContext, log: Log, pipeline: PipelineDeployments, version: number): Promise<Line> {
  const { applicationId, source } = versionOf(pipeline, version);
  return {
    pipeline: pipeline.pipeline,
    version,
    state: stateOf(pipeline, version),
    workers: await log.groupMembers(applicationId),
    lag: await lagOf(context, log, pipeline.pipeline, source, applicationId),
    since: pipeline.changedAt,
    by: pipeline.changedBy,
  };
}

async function lagOf(
  context: CliContext,
  log: Log,
  pipeline: string,
  source: Parameters<typeof compileDeployed>[2],
  applicationId: string,
): Promise<number | null> {
  try {
    const { lag, missing } = await pipelineLag(log, planStages(compileDeployed(context, pipeline, source), { applicationId }));
    return missing.length > 0 ? null : lag;
  } catch (error) {
    // Modules that it uses need not be here, and another version of rta may have deployed it: the others are shown all the same.
    const { code } = error as { readonly code?: unknown };
    if (code === 'module_differs' || code === 'invalid_pipeline') return null;
    throw error;
  }
}

function table(lines: readonly Line[]): string[] {
  return tableLines(
    [
      { title: 'PIPELINE' },
      { title: 'VERSION', align: 'right' },
      { title: 'STATE' },
      { title: 'WORKERS', align: 'right' },
      { title: 'LAG', align: 'right' },
      { title: 'SINCE' },
      { title: 'BY' },
    ],
    lines.map(({ pipeline, version, state, workers, lag, since, by }) => [
      pipeline,
      String(version),
      state,
      String(workers.length),
      lag === null ? '?' : String(lag),
      new Date(since).toISOString(),
      by,
    ]),
  );
}
