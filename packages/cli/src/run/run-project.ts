/** What `rta run` and `rta demo` share: pipelines on a backend from the gate to the summary. */
import type { Plan } from '@rta/dsl';
import { DeliveryWatch, type ServedPipeline, type Told } from '@rta/serve';
import type { Backend } from '../backend/backend.js';
import type { CliContext } from '../context.js';
import { EXIT_CODES, type ExitCode } from '../exit-codes.js';
import { Failure } from '../failure.js';
import type { NdjsonWriter } from '../output/ndjson.js';
import type { Logger } from '../output/structured-log.js';
import { ConsoleFeed } from './console/console-feed.js';
import { openHttp, type HttpSettings } from './http.js';
import { JsonReport } from './json-report.js';
import { LiveReport } from './live-report.js';
import { LogReport } from './log-report.js';
import { checkTargets, type Targets, usableTargets, whileNotifying } from './notifiers.js';
import { OlapDoor } from './olap-door.js';
import type { RunEnd } from './pipeline-run.js';
import { preparePipelines, type RunningPipeline, workerId } from './prepare.js';
import type { RunReport } from './report.js';
import type { LeftOver } from './run-beside.js';
import { runPipelines } from './run-pipelines.js';
import type { Recompile } from './source-changes.js';
import { checkStores, whileDelivering } from './sinks.js';
import { StructuredReport } from './structured-report.js';
import type { Tracing } from './trace/tracing.js';

export interface RunSettings {
  /** `run` or `demo`, for the title. */
  readonly command: string;
  readonly plans: readonly Plan[];
  readonly recompile: Recompile;
  readonly partitions?: number;
  /** Bytes of state in memory, of all together; default: 1 GiB for each pipeline. */
  readonly memory?: number;
  /** Threads; default 1: this one. */
  readonly workers?: number;
  readonly end: RunEnd;
  /** After so long without progress a pipeline has stalled; ms, default 5 minutes. */
  readonly stallMs?: number;
  /** Called when the run begins to end; with what it failed with, where it did. */
  readonly onEnding?: (failure?: unknown) => void;
  /** Null: for people. */
  readonly json: NdjsonWriter | null;
  /** What goes on is logged there, and not shown. */
  readonly log?: Logger | null;
  /** Who is told of commits and the like; null: nobody. */
  readonly tracing?: Tracing | null;
  /** What runs is sampled: each pipeline's code is to be told from the others'. */
  readonly profiled?: boolean;
  /** Where the HTTP side listens; not there: there is none. */
  readonly http?: HttpSettings;
  /** Whom alerts tell; not there: nobody. */
  readonly targets?: Targets;
  /** Whether rows of sinks that are no topics go on to their stores; default true. */
  readonly sinks?: boolean;
  /** Called when the topics are there, before the first worker joins. */
  readonly prepared?: (pipelines: readonly RunningPipeline[]) => void;
}

/** Rejects as `preparePipelines` and `runPipelines` do. */
export async function runProject(context: CliContext, backend: Backend, settings: RunSettings): Promise<ExitCode> {
  const { command, plans, json, log = null, tracing = null } = settings;
  const says = (pipeline: string, message: string): void => {
    if (report !== null) report.warning(pipeline, message);
    else if (log !== null) log.warn({ pipeline }, message);
    else if (json !== null) json.write({ pipeline, warning: message });
    else context.stderr.write(`warning: ${pipeline}: ${message}\n`);
  };
  const warn = (message: string): void => {
    if (log !== null) log.warn(message);
    else context.stderr.write(`warning: ${message}\n`);
  };
  let report: RunReport | null = null;
  if (settings.targets !== undefined) checkTargets(plans, settings.targets);
  if (settings.sinks !== false) checkStores(plans, context.env);
  const pipelines = await preparePipelines(backend, plans, {
    ...(settings.partitions === undefined ? {} : { partitions: settings.partitions }),
    recompile: settings.recompile,
    ...(settings.memory === undefined ? {} : { memory: settings.memory }),
    ...(settings.http === undefined ? {} : { address: settings.http.address }),
    workers: settings.workers ?? 1,
    profiled: settings.profiled ?? false,
    tracing,
    onWarning: says,
  });
  if (context.signal.aborted) return EXIT_CODES.interrupted.code;
  const door = new OlapDoor(backend.directory);
  const deliveries = new DeliveryWatch();
  const feed = settings.http === undefined ? null : new ConsoleFeed(pipelines, `rta ${command}`, backend, door);
  const http = feed === null ? null : await openHttp(warn, settings.http!, backend, served(pipelines), { door, deliveries, feed });
  try {
    settings.prepared?.(pipelines);
    const title = `rta ${command} · ${backend.description}${http === null ? '' : ` · ${http.url}`}`;
    if (log !== null) {
      log.info({ pipelines: plans.map((plan) => plan.pipeline), on: backend.description, http: http?.url }, 'started');
      report = new StructuredReport(log, Date.now());
    } else if (json !== null) {
      json.write({ started: plans.map((plan) => plan.pipeline), on: backend.description, ...(http === null ? {} : { http: http.url }) });
      report = new JsonReport(json);
    } else if (context.stdout.isTTY === true) report = new LiveReport(context, title);
    else {
      context.stdout.write(`${title}: ${plans.map((plan) => plan.pipeline).join(', ')}\n`);
      report = new LogReport(context, Date.now());
    }
    const { end, targets = new Map() } = settings;
    const reporting = feed === null ? report : both(report, feed);
    const work = (): Promise<ExitCode> => runPipelines(pipelines, end, context.signal, reporting, settings);
    const undone = new Set<'failed' | 'left'>();
    const leftOver: LeftOver = { patient: end.when === 'drained', onUndone: (why) => undone.add(why) };
    const beside = { backend, workerId: workerId(backend), says, deliveries, leftOver };
    const told = (one: Told): void => feed?.incidents.tell(one);
    feed?.incidents.tellsOnly(usableTargets(targets));
    const code = await whileNotifying({ ...beside, pipelines, targets, told }, context.signal, () =>
      settings.sinks === false
        ? work()
        : whileDelivering({ ...beside, cwd: context.cwd, env: context.env, plans, door, url: http?.url ?? null }, context.signal, work),
    );
    if (context.signal.aborted) return EXIT_CODES.interrupted.code;
    // 0 means that all is done.
    if (end.when === 'drained' && undone.has('failed')) throw new Failure('delivery_failed', 'not all rows and incidents were delivered');
    if (end.when === 'drained' && undone.has('left'))
      throw new Failure('undelivered', 'not all rows and incidents were delivered yet', 'run it again when the target is there');
    return code;
  } finally {
    await http?.close();
  }
}

function served(pipelines: readonly RunningPipeline[]): readonly ServedPipeline[] {
  return pipelines.map(({ plan, run }) => ({ plan, snapshot: () => run.snapshot(), query: (query) => run.query(query) }));
}

function both(first: RunReport, second: RunReport): RunReport {
  return {
    progress: (pipelines) => {
      first.progress(pipelines);
      second.progress(pipelines);
    },
    warning: (pipeline, message) => {
      first.warning(pipeline, message);
      second.warning(pipeline, message);
    },
    end: (pipelines) => {
      first.end(pipelines);
      second.end(pipelines);
    },
  };
}
