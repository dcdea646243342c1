/** What `rta plan` and `rta deploy` share: their options, and the way from files to a plan. */
import type { Plan } from '@rta/dsl';
import { planFingerprint } from '@rta/runtime';
import type { Command } from 'commander';
import { openBackend, type Backend, type BackendOptions } from '../backend/backend.js';
import type { CliContext } from '../context.js';
import type { ExitCode } from '../exit-codes.js';
import { Failure, UsageError } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import type { NdjsonWriter } from '../output/ndjson.js';
import { compileDeployed } from '../project/compile-deployed.js';
import { loadPipelines, type LoadedPipeline } from '../project/load.js';
import { plansOf } from '../run/prepare.js';
import { planProject, type ProjectPipeline, type ProjectPlan } from './project-plan.js';
import { deployedSource } from './source.js';

export interface PlanningOptions extends BackendOptions {
  readonly partitions?: number;
  readonly keepState?: readonly string[];
  readonly rebuild?: readonly string[];
  readonly json?: boolean;
}

const DEFAULT_PARTITIONS = 4;

export function addPlanOptions(command: Command): Command {
  const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value];
  return command
    .option('--keep-state <pipeline>', 'goes on with its state, though what comes into it has changed; may be said several times', collect)
    .option('--rebuild <pipeline>', 'rebuilds its state, though it could go on with it; may be said several times', collect)
    .option('--partitions <n>', 'partitions of topics that have to be made and are not declared (default: 4)', wholeNumber(1))
    .option('--brokers <list>', 'Kafka, host:port,host:port (default: KAFKA_BROKERS, rta.yaml, else the embedded log)')
    .option('--registry <url>', 'schema registry (default: SCHEMA_REGISTRY_URL, rta.yaml, else the embedded one)')
    .option('--dir <path>', 'directory of the embedded log (default: .rta)')
    .option('--json', 'NDJSON: an item a line, then what comes of it');
}

/** Compiles, opens log and registry, plans, and hands that on. Rejects with Failure for what does not compile, LogError, RegistryError. */
export async function withPlan(
  context: CliContext,
  paths: readonly string[],
  options: PlanningOptions,
  json: NdjsonWriter | null,
  use: (plan: ProjectPlan, backend: Backend) => Promise<ExitCode>,
): Promise<ExitCode> {
  const loaded = await loadPipelines(context, paths);
  const plans = plansOf(context, loaded, json);
  const { keepState = [], rebuild = [] } = options;
  for (const name of [...keepState, ...rebuild])
    if (!plans.some(({ pipeline }) => pipeline === name))
      throw new UsageError(`there is no pipeline ${name} among ${plans.map(({ pipeline }) => pipeline).join(', ')}`);
  const both = keepState.find((name) => rebuild.includes(name));
  if (both !== undefined) throw new UsageError(`${both}: --keep-state or --rebuild, one of them`);
  const backend = await openBackend(context, options, loaded.project, {
    onWarning: (message) => {
      if (json === null) context.stderr.write(`warning: ${message}\n`);
      else json.write({ warning: message });
    },
  });
  try {
    const project = loaded.pipelines.flatMap((pipeline) => (pipeline.plan === null ? [] : [recordable(context, pipeline, pipeline.plan)]));
    return await use(
      await planProject(backend, project, { partitions: options.partitions ?? DEFAULT_PARTITIONS, keepState, rebuild }),
      backend,
    );
  } finally {
    await backend.close();
  }
}

/** Rejects what workers could not compile from what the record has of it. */
function recordable(context: CliContext, loaded: LoadedPipeline, plan: Plan): ProjectPipeline {
  const source = deployedSource(context, loaded);
  const again = compileDeployed(context, plan.pipeline, source);
  if (planFingerprint(again, source.modules) === planFingerprint(plan, source.modules)) return { plan, source };
  throw new Failure(
    'not_deployable',
    `${loaded.path}: compiled from what would be recorded of it, ${plan.pipeline} is another pipeline`,
    'this is a defect of rta: please report it',
  );
}
