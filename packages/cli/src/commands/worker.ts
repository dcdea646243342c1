import { setTimeout as delay } from 'node:timers/promises';
import { backendSettings, openBackend, type Backend, type BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES, type ExitCode } from '../exit-codes.js';
import { exitCodeOf } from '../exit-code-of.js';
import { Fleet } from '../fleet/fleet.js';
import type { RunContext } from '../fleet/deployed-run.js';
import type { WantedRun } from '../fleet/wanted.js';
import { whoChanges } from '../fleet/who.js';
import { durationOf } from '../option-values.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { kafkaLogOf, LOG_FORMAT, LOG_LEVEL, structuredLog, type LogOptions, type Logger } from '../output/structured-log.js';
import type { AddCommand } from '../program.js';
import { loadProjectFile } from '../project/load.js';
import { lockBackend } from '../run/lock-backend.js';
import { BROKERS, DIRECTORY, PARTITIONS, REGISTRY, requireTimeouts, STALL_TIMEOUT } from '../run/options.js';
import { workerId } from '../run/prepare.js';
import { DEFAULT_SHUTDOWN_MS, ShutdownLimit } from '../run/shutdown-limit.js';
import { StallWatch, watchEventLoop } from '../run/stall-watch.js';
import { openTracing, TRACE, traceUrl, type Tracing } from '../run/trace/tracing.js';

/** ms for the log to close; what it holds is committed by then. */
const CLOSE_MS = 5_000;
/** ms between two looks whether something goes on. */
const STALL_LOOK_MS = 1_000;

interface WorkerOptions extends BackendOptions, LogOptions {
  readonly partitions?: number;
  readonly stallTimeout: number;
  readonly shutdownTimeout: number;
  readonly trace?: string;
}

export const addWorker: AddCommand = (program, act) => {
  program
    .command('worker')
    .description('Runs what is deployed, and follows what is deployed later, until Ctrl-C')
    .option(...PARTITIONS)
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
  const project = loadProjectFile(context);
  const traces = traceUrl(context, options.trace);
  const unlock = await lockBackend(backendSettings(context, options, project));
  try {
    const report = log !== null ? logReport(log) : options.json === true ? jsonReport(context) : textReport(context);
    const backend = await openBackend(context, options, project, {
      onWarning: report.warning,
      ...(log === null ? {} : { kafka: kafkaLogOf(log) }),
    });
    const tracing = traces === null ? null : await openTracing(traces, report.warning);
    const unwatch = watchEventLoop(options.stallTimeout);
    try {
      report.following(backend);
      await follow(context, backend, options, report, tracing);
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
  report: Report,
  tracing: Tracing | null,
): Promise<void> {
  const on: RunContext = {
    context,
    backend,
    workerId: workerId(backend),
    tracing,
    ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
    hooks: {
      started: (run) => {
        report.event(run, 'started');
      },
      failed: (run, error, againInMs) => {
        report.event(run, 'failed', { error: (error as Error).message, againInMs });
      },
      warning: (run, message) => {
        report.warning(`${run.version.pipeline}: ${message}`);
      },
    },
  };
  const watch = new StallWatch(options.stallTimeout, STALL_LOOK_MS);
  const fleet = new Fleet(
    on,
    {
      stopped: (run) => {
        report.event(run, 'stopped');
      },
      advanced: report.advanced,
      trouble: (error) => {
        report.warning((error as Error).message);
      },
    },
    whoChanges(),
  );
  let looked = performance.now();
  await fleet.run(context.signal, () => {
    if (performance.now() - looked < STALL_LOOK_MS) return;
    looked = performance.now();
    watch.look(fleet.snapshots().map(({ key, snapshot }) => ({ pipeline: key, progress: snapshot.progress })));
  });
}

interface Report {
  readonly following: (backend: Backend) => void;
  readonly event: (run: WantedRun, event: 'started' | 'stopped' | 'failed', more?: Readonly<Record<string, unknown>>) => void;
  readonly advanced: (pipeline: string, version: number, phase: string | null) => void;
  readonly warning: (message: string) => void;
}

function jsonReport({ stdout }: CliContext): Report {
  const out = new NdjsonWriter(stdout, 'worker');
  return {
    following: ({ description }) => out.write({ following: description }),
    event: ({ version: { pipeline, version }, mode }, event, more) => out.write({ event, pipeline, version, mode, ...more }),
    advanced: (pipeline, version, phase) => out.write({ event: phase === null ? 'promoted' : 'advanced', pipeline, version, phase }),
    warning: (warning) => out.write({ warning }),
  };
}

function logReport(log: Logger): Report {
  return {
    following: ({ description }) => {
      log.info({ following: description }, 'started');
    },
    event: ({ version: { pipeline, version }, mode }, event, more) => {
      log[event === 'failed' ? 'error' : 'info']({ pipeline, version, mode, ...more }, event);
    },
    advanced: (pipeline, version, phase) => {
      log.info({ pipeline, version, phase }, phase === null ? 'promoted' : 'advanced');
    },
    warning: (message) => {
      log.warn(message);
    },
  };
}

function textReport({ stdout, stderr }: CliContext): Report {
  const say = (line: string): void => {
    stdout.write(`${new Date().toISOString()} ${line}\n`);
  };
  return {
    following: ({ description }) => {
      say(`rta worker · ${description}: follows what is deployed`);
    },
    event: ({ version: { pipeline, version }, mode }, event, more = {}) => {
      const how = mode === 'live' ? '' : mode === 'shadow' ? ' (rebuild)' : ' (hands over)';
      const why =
        event === 'failed' ? `: ${String(more['error'])}; again in ${String(Math.round(Number(more['againInMs']) / 1000))} s` : '';
      say(`${pipeline} version ${String(version)}${how} ${event}${why}`);
    },
    advanced: (pipeline, version, phase) => {
      say(`${pipeline} version ${String(version)} ${phase === null ? 'has taken over' : `takes over: ${phase}`}`);
    },
    warning: (message) => {
      stderr.write(`warning: ${message}\n`);
    },
  };
}
