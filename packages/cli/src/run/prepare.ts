/** From the files that a command names to pipelines that are ready to run: compiled, let through the registry's gate, topics made. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { renderAll, toJson, type Plan } from '@rta/dsl';
import { apply, gateRequestsOf, judge, type GateDecision } from '@rta/registry';
import { compileStage, planStages } from '@rta/runtime';
import type { Backend } from '../backend/backend.js';
import type { CliContext } from '../context.js';
import { Failure } from '../failure.js';
import { colours } from '../output/colour.js';
import type { NdjsonWriter } from '../output/ndjson.js';
import type { LoadedProject } from '../project/load.js';
import { LatestRows } from './latest-rows.js';
import { openRun, type PipelineRun } from './pipeline-run.js';
import { sinkSchemaIdsOf } from './sink-schema-ids.js';
import { SourceChanges, type Recompile } from './source-changes.js';
import type { PreparedPlan } from './threads/messages.js';
import { WorkerThreads } from './threads/worker-threads.js';
import type { Tracing } from './trace/tracing.js';

export interface RunningPipeline {
  readonly plan: Plan;
  readonly run: PipelineRun;
  /** Of boards that are no ranks. */
  readonly latest: LatestRows;
}

/**
 * The plans of a loaded project. Says all diagnostics: on stderr, and as lines where there is a writer.
 *
 * @throws Failure `invalid_pipeline` where there are errors, `duplicate_pipeline` for two files with one name
 */
export function plansOf(context: CliContext, loaded: LoadedProject, json: NdjsonWriter | null): Plan[] {
  const { pipelines, diagnostics } = loaded;
  for (const diagnostic of diagnostics) json?.write({ diagnostic: toJson(diagnostic) });
  if (diagnostics.length > 0) context.stderr.write(`${renderAll(diagnostics, { colour: colours(context.stderr, context.env) })}\n\n`);
  const plans: Plan[] = [];
  const broken: string[] = [];
  for (const { path, plan } of pipelines) {
    const same = plans.find((other) => other.pipeline === plan?.pipeline);
    if (plan === null) broken.push(path);
    else if (same === undefined) plans.push(plan);
    else
      throw new Failure('duplicate_pipeline', `${same.path} and ${path} are both called ${plan.pipeline}`, 'give one of them another name');
  }
  if (broken.length > 0 || diagnostics.some(({ severity }) => severity === 'error'))
    throw new Failure('invalid_pipeline', `nothing was started: errors in ${broken.join(', ') || 'rta.yaml'}`);
  // What the engine cannot run is known before anything is opened.
  for (const plan of plans) planStages(plan);
  return plans;
}

export interface PrepareOptions {
  readonly recompile: Recompile;
  /** Partitions of topics that have to be made and are not declared; default 4. */
  readonly partitions?: number;
  /** Bytes of state in memory, of all pipelines and threads together; default: 1 GiB for each pipeline. */
  readonly memory?: number;
  /** A URL at which this process answers for the tasks that it has. */
  readonly address?: string | null;
  /** Who is told of commits and the like. */
  readonly tracing: Tracing | null;
  /** Pipelines share no code, so that a profile can say whose time it was. */
  readonly profiled: boolean;
  /** Worker threads; 1: this thread does it all. */
  readonly workers: number;
  /** Told what stops nothing. */
  readonly onWarning: (pipeline: string, message: string) => void;
}

/**
 * Registers the sinks' schemas, makes topics, and opens a worker per plan; none has joined yet. Nothing is registered or made unless the
 * gate lets all of them through.
 *
 * Rejects with Failure `incompatible_schema` (every reason), PipelineError (`missing_topic`, …), RegistryError, LogError.
 */
export async function preparePipelines(backend: Backend, declared: readonly Plan[], options: PrepareOptions): Promise<RunningPipeline[]> {
  const changes = new Map(declared.map(({ pipeline }) => [pipeline, changesOf(backend, pipeline, options)]));
  const plans = await currentPlans(backend, declared, (pipeline) => changes.get(pipeline)!);
  await requireCompatible(backend, plans, options.onWarning);
  const memory = options.memory === undefined ? {} : { memoryLimit: options.memory / plans.length / options.workers };
  const address = typeof options.address === 'string' ? { address: options.address } : {};
  const running: RunningPipeline[] = [];
  const prepared: PreparedPlan[] = [];
  for (const plan of plans) {
    const changing = changes.get(plan.pipeline)!;
    const ids = await apply(backend.registry, gateRequestsOf(plan));
    const sinkSchemaIds = sinkSchemaIdsOf(plan, ids);
    // With threads too: topics are made and what cannot run is found before the first one starts.
    const { run, taskCount } = await openRun(
      {
        plan,
        log: options.tracing?.log(backend.log, plan.pipeline) ?? backend.log,
        stores: backend.stores,
        schemas: backend.registry,
        sinkSchemaIds,
        compileStage: options.profiled ? (stage) => compileStage(stage, plan.pipeline) : compileStage,
        createSources: backend.log.kind === 'embedded',
        workerId: workerId(backend),
        ...(options.partitions === undefined ? {} : { defaultPartitions: options.partitions }),
        ...memory,
        ...address,
        onWarning: (message) => {
          options.onWarning(plan.pipeline, message);
        },
      },
      (now) => (source, schemaId, schema) => changing.judge(now, { source, schemaId, schema }),
    ).catch((error: unknown) => {
      throw failureOf(plan.pipeline, error);
    });
    prepared.push({ plan, sinkSchemaIds, taskCount });
    running.push({ plan, run, latest: new LatestRows(plan, backend.log, backend.registry) });
  }
  if (options.workers === 1) return running;
  const { workers, partitions, onWarning } = options;
  const threads = await WorkerThreads.start({
    backend,
    plans: prepared,
    changes,
    workerIds: workerIds(backend, workers),
    ...(partitions === undefined ? {} : { partitions }),
    ...memory,
    ...address,
    ...(options.tracing === null ? {} : { traces: options.tracing.url }),
    onWarning,
  });
  return running.map((pipeline) => ({ ...pipeline, run: threads.runOf(pipeline.plan.pipeline) }));
}

/** An error of one pipeline as one that names it; `code` stays. */
export function failureOf(pipeline: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  return new Failure(error.code, `${pipeline}: ${error.message}`, undefined, { cause: error });
}

function changesOf(backend: Backend, pipeline: string, { recompile, onWarning }: PrepareOptions): SourceChanges {
  const warn = (message: string): void => {
    onWarning(pipeline, message);
  };
  return new SourceChanges(backend.registry, (readers) => recompile(pipeline, readers), warn);
}

/** The plans as they can be run. Rejects with Failure `incompatible_schema`. */
export async function currentPlans(
  { registry }: Pick<Backend, 'registry'>,
  declared: readonly Plan[],
  changesIn: (pipeline: string) => SourceChanges,
): Promise<readonly Plan[]> {
  const plans: Plan[] = [];
  const refused: string[] = [];
  for (const each of declared) {
    const plan = await changesIn(each.pipeline).current(each);
    if (typeof plan === 'string') refused.push(`${each.pipeline}: ${plan}`);
    else plans.push(plan);
  }
  if (refused.length === 0) return plans;
  throw new Failure('incompatible_schema', `the schema registry (${registry.location}) lets nothing start:\n  ${refused.join('\n  ')}`);
}

/** Rejects with Failure `incompatible_schema` where the registry does not let all of them through. */
export async function requireCompatible(
  backend: Pick<Backend, 'registry'>,
  plans: readonly Plan[],
  onWarning: PrepareOptions['onWarning'],
): Promise<void> {
  const refused: string[] = [];
  for (const plan of plans) {
    const { decisions } = await judge(backend.registry, gateRequestsOf(plan));
    for (const { subject, warnings } of decisions) for (const warning of warnings) onWarning(plan.pipeline, `${subject}: ${warning}`);
    refused.push(...decisions.filter(({ decision }) => decision === 'incompatible').map((decision) => refusal(plan, decision)));
  }
  if (refused.length > 0)
    throw new Failure(
      'incompatible_schema',
      `the schema registry (${backend.registry.location}) lets nothing start:\n  ${refused.join('\n  ')}`,
      'change the pipeline so that its rows fit the registered schema, or let it write to another topic',
    );
}

function refusal(plan: Plan, { role, subject, reasons }: GateDecision): string {
  return `${plan.pipeline}: ${role} ${subject}\n    ${reasons.join('\n    ')}`;
}

/** Of as many threads of this process. */
export function workerIds(backend: Backend, threads: number): string[] {
  return Array.from({ length: threads }, (_, index) => (index === 0 ? workerId(backend) : `${workerId(backend)}-${index}`));
}

/** The same for every start of the same directory on the same machine, another for other members of the group. */
export function workerId(backend: Backend): string {
  if (backend.log.kind === 'embedded') return '0';
  return createHash('sha256').update(`${hostname()}\n${backend.directory}`).digest('hex').slice(0, 12);
}
