import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@rta/dsl/message-of';
import { DeliveryWatch } from '@rta/serve';
import { backendSettings, openBackend, type Backend, type BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES, type ExitCode } from '../exit-codes.js';
import { exitCodeOf } from '../exit-code-of.js';
import type { Crew, CrewHooks, RunName } from '../fleet/crew.js';
import { Deliveries } from '../fleet/deliveries.js';
import { DeployedCollect } from '../fleet/deployed-collect.js';
import { Fleet } from '../fleet/fleet.js';
import { LiveVersions, type LiveVersion } from '../fleet/live-versions.js';
import { ServedFleet } from '../fleet/served-fleet.js';
import { FleetThreads } from '../fleet/threads/fleet-threads.js';
import { whoChanges } from '../fleet/who.js';
import { durationOf } from '../option-values.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { kafkaLogOf, LOG_FORMAT, LOG_LEVEL, structuredLog, type LogOptions, type Logger } from '../output/structured-log.js';
import type { AddCommand } from '../program.js';
import { loadProjectFile } from '../project/load.js';
import { ConsoleFeed } from '../run/console/console-feed.js';
import { httpSettings, openHttp, type HttpAddress, type HttpSettings } from '../run/http.js';
import { lockBackend } from '../run/lock-backend.js';
import { OlapDoor } from '../run/olap-door.js';
import { BROKERS, DIRECTORY, httpOption, PARTITIONS, REGISTRY, requireTimeouts, STALL_TIMEOUT, WORKERS } from '../run/options.js';
import { workerId, workerIds } from '../run/prepare.js';
import { DEFAULT_SHUTDOWN_MS, ShutdownLimit } from '../run/shutdown-limit.js';
import { StallWatch, watchEventLoop } from '../run/stall-watch.js';
import { openTracing, TRACE, traceUrl, type Tracing } from '../run/trace/tracing.js';

/** ms for the log to close; what it holds is committed by then. */
const CLOSE_MS = 5_000;
/** ms between two looks at what goes on. */
const LOOK_MS = 1_000;

interface WorkerOptions extends BackendOptions, LogOptions {
  readonly partitions?: number;
  readonly workers?: number;
  readonly http?: HttpAddress;
  readonly stallTimeout: number;
  readonly shutdownTimeout: number;
  readonly trace?: string;
}

export const addWorker: AddCommand = (program, act) => {
  program
    .command('worker')
    .description('Runs what is deployed, and follows what is deployed later, until Ctrl-C')
    .option(...PARTITIONS)
    .option(...WORKERS)
    .option(...httpOption('the console, queries, live events and metrics of what runs here'))
    .option(...BROKERS)
    .option(...REGISTRY)
    .option(...DIRECTORY)
    .option(...STALL_TIMEOUT)
    .option('--shutdown-timeout <duration>', 'end with 69 when the last commits take longer than that', durationOf, DEFAULT_SHUTDOWN_MS)
    .option(...TRACE)
    .option(...LOG_FORMAT)
    .option(...LOG_LEVEL)
    .option('--json', 'NDJSON: a line when a version starts, stops, fails or takes over')
    .addHelpText(
      'after',
      `
Workers share the work: start as many as you like, on as many machines, each with a --dir of its own. What they run is what rta deploy has
recorded; rta ps shows it. They need no pipeline files, only the modules that pipelines use. A pipeline that fails is begun again after a
while (at most 30 s), and the others go on.`,
    )
    .action(act(worker));
};

const worker: Action<WorkerOptions> = async (context, _args, options) => {
  requireTimeouts(options);
  const limit = new ShutdownLimit(options.shutdownTimeout);
  const log = structuredLog(context.stdout, options);
  try {
    return await limit.within(context.signal, () => within(context, options, log));
  } catch (error) {
    if (log === null) throw error;
    log.fatal({ error }, 'ended');
    return exitCodeOf(error);
  }
};

async function within(context: CliContext, options: WorkerOptions, log: Logger | null): Promise<ExitCode> {
  const project = loadProjectFile(context, ['kafka', 'registry', 'http']);
  const http = httpSettings(context, options.http, project);
  const traces = traceUrl(context, options.trace);
  const unlock = await lockBackend(backendSettings(context, options, project));
  try {
    const report = log !== null ? logReport(log) : options.json === true ? jsonReport(context) : textReport(context);
    const backend = await openBackend(context, options, project, {
      onWarning: (message) => {
        report.warning(null, message);
      },
      ...(log === null ? {} : { kafka: kafkaLogOf(log) }),
      runs: true,
    });
    const tracing =
      traces === null
        ? null
        : await openTracing(traces, (message) => {
            report.warning(null, message);
          });
    const unwatch = watchEventLoop(options.stallTimeout);
    try {
      await follow(context, backend, options, http, report, tracing);
      return context.signal.aborted ? EXIT_CODES.interrupted.code : EXIT_CODES.ok.code;
    } finally {
      await unwatch();
      await tracing?.close();
      // What hangs may not close either.
      await Promise.race([backend.close(), delay(CLOSE_MS, undefined, { ref: false })]);
    }
  } finally {
    await unlock();
  }
}

async function follow(
  context: CliContext,
  backend: Backend,
  options: WorkerOptions,
  http: HttpSettings | null,
  report: Report,
  tracing: Tracing | null,
): Promise<void> {
  const crew = crewOf(context, backend, options, http?.address ?? null, report, tracing);
  const door = new OlapDoor(backend.directory);
  const deliveries = new DeliveryWatch();
  const serving = http === null ? null : await serve(backend, crew, http, report, { door, deliveries });
  const url = serving?.url ?? null;
  const beside = new Deliveries({ context, backend, workerId: workerId(backend), hooks: report, deliveries, door, url });
  const live = new LiveVersions(context, backend.log, crew);
  const turn: { looking: Promise<void> | null } = { looking: null };
  const look = async (): Promise<void> => {
    const versions = await live.look();
    serving?.follow(versions);
    beside.follow(versions);
  };
  try {
    report.following(backend, url);
    const watch = new StallWatch(options.stallTimeout, LOOK_MS);
    let looked = performance.now();
    await crew.run(context.signal, () => {
      if (performance.now() - looked < LOOK_MS) return;
      looked = performance.now();
      turn.looking ??= look()
        .catch((error: unknown) => {
          report.warning(null, messageOf(error));
        })
        .finally(() => (turn.looking = null));
      watch.look(crew.runs().flatMap(({ key, snapshot }) => (snapshot === null ? [] : [{ pipeline: key, progress: snapshot.progress }])));
    });
  } finally {
    await serving?.close();
    await turn.looking;
    await beside.close();
  }
}

function crewOf(
  context: CliContext,
  backend: Backend,
  options: WorkerOptions,
  address: string | null,
  hooks: CrewHooks,
  tracing: Tracing | null,
): Crew {
  const { cwd } = context;
  const { workers = 1, partitions } = options;
  const more = { ...(partitions === undefined ? {} : { partitions }), ...(address === null ? {} : { address }) };
  const traces = tracing === null ? {} : { traces: tracing.url };
  if (workers > 1) return new FleetThreads(backend, { cwd, by: whoChanges(), ...more, ...traces }, workerIds(backend, workers), hooks);
  const traced = tracing === null ? {} : { tracing };
  return new Fleet({ context: { cwd }, backend, workerId: workerId(backend), ...more, ...traced }, hooks, whoChanges());
}

interface Serving {
  readonly url: string;
  /** Once a second. */
  follow(live: readonly LiveVersion[]): void;
  close(): Promise<void>;
}

async function serve(
  backend: Backend,
  crew: Crew,
  http: HttpSettings,
  report: Report,
  asked: { readonly door: OlapDoor; readonly deliveries: DeliveryWatch },
): Promise<Serving> {
  const collect = http.collect === null ? null : new DeployedCollect(http.collect, backend, report);
  const served = new ServedFleet(backend, crew);
  const feed = new ConsoleFeed(served.versions, 'rta worker', backend, asked.door);
  const parts = { ...asked, feed, waiting: () => served.waiting(), target: () => collect?.target ?? null };
  const warn = (message: string): void => {
    report.warning(null, message);
  };
  const side = await openHttp(warn, http, backend, served.versions, parts);
  return {
    url: side.url,
    follow: (live) => {
      served.follow(live, feed);
      collect?.follow(live);
    },
    close: () => side.close(),
  };
}

interface Report extends CrewHooks {
  /** @param url of the HTTP side; null: there is none */
  readonly following: (backend: Backend, url: string | null) => void;
}

function jsonReport({ stdout }: CliContext): Report {
  const out = new NdjsonWriter(stdout, 'worker');
  return {
    following: ({ description }, url) => out.write({ following: description, ...(url === null ? {} : { http: url }) }),
    started: (run) => out.write({ event: 'started', ...run }),
    stopped: (run) => out.write({ event: 'stopped', ...run }),
    failed: (run, error, againInMs) => out.write({ event: 'failed', ...run, error, againInMs }),
    advanced: (pipeline, version, phase) => out.write({ event: phase === null ? 'promoted' : 'advanced', pipeline, version, phase }),
    warning: (pipeline, warning) => out.write({ warning: pipeline === null ? warning : `${pipeline}: ${warning}` }),
  };
}

function logReport(log: Logger): Report {
  return {
    following: ({ description }, url) => {
      log.info({ following: description, ...(url === null ? {} : { http: url }) }, 'started');
    },
    started: (run) => {
      log.info({ ...run }, 'started');
    },
    stopped: (run) => {
      log.info({ ...run }, 'stopped');
    },
    failed: (run, error, againInMs) => {
      log.error({ ...run, error, againInMs }, 'failed');
    },
    advanced: (pipeline, version, phase) => {
      log.info({ pipeline, version, phase }, phase === null ? 'promoted' : 'advanced');
    },
    warning: (pipeline, message) => {
      log.warn(pipeline === null ? {} : { pipeline }, message);
    },
  };
}

const HOW: Readonly<Record<RunName['mode'], string>> = { live: '', shadow: ' (rebuild)', handover: ' (hands over)' };

function textReport({ stdout, stderr }: CliContext): Report {
  const say = (line: string): void => {
    stdout.write(`${new Date().toISOString()} ${line}\n`);
  };
  const of = ({ pipeline, version, mode }: RunName): string => `${pipeline} version ${String(version)}${HOW[mode]}`;
  return {
    following: ({ description }, url) => {
      say(`rta worker · ${description}${url === null ? '' : ` · ${url}`}: follows what is deployed`);
    },
    started: (run) => {
      say(`${of(run)} started`);
    },
    stopped: (run) => {
      say(`${of(run)} stopped`);
    },
    failed: (run, error, againInMs) => {
      say(`${of(run)} failed: ${error}; again in ${String(Math.round(againInMs / 1000))} s`);
    },
    advanced: (pipeline, version, phase) => {
      say(`${pipeline} version ${String(version)} ${phase === null ? 'has taken over' : `takes over: ${phase}`}`);
    },
    warning: (pipeline, message) => {
      stderr.write(`warning: ${pipeline === null ? '' : `${pipeline}: `}${message}\n`);
    },
  };
}
