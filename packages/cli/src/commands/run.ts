import { setTimeout as delay } from 'node:timers/promises';
import { backendSettings, openBackend, type BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES, type ExitCode } from '../exit-codes.js';
import { exitCodeOf } from '../exit-code-of.js';
import { UsageError } from '../failure.js';
import { durationOf, sizeOf } from '../option-values.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { kafkaLogOf, LOG_FORMAT, LOG_LEVEL, structuredLog, type LogOptions, type Logger } from '../output/structured-log.js';
import type { AddCommand } from '../program.js';
import { loadPipelines } from '../project/load.js';
import { httpSettings, type HttpAddress } from '../run/http.js';
import { lockBackend } from '../run/lock-backend.js';
import { BROKERS, DIRECTORY, httpOption, PARTITIONS, REGISTRY, requireTimeouts, runEnd, STALL_TIMEOUT, WORKERS } from '../run/options.js';
import { PROFILE_FILE, profiled } from '../run/profile/profile.js';
import { plansOf } from '../run/prepare.js';
import { runProject } from '../run/run-project.js';
import { DEFAULT_SHUTDOWN_MS, ShutdownLimit } from '../run/shutdown-limit.js';
import { recompiler } from '../run/source-changes.js';
import { watchEventLoop } from '../run/stall-watch.js';
import { openTracing, TRACE, traceUrl } from '../run/trace/tracing.js';

/** ms for the log to close; what it holds is committed by then. */
const CLOSE_MS = 5_000;

interface RunOptions extends BackendOptions, LogOptions {
  readonly untilEnd?: boolean;
  readonly close?: boolean;
  readonly for?: number;
  readonly partitions?: number;
  readonly workers?: number;
  readonly memory?: number;
  readonly stallTimeout: number;
  readonly shutdownTimeout: number;
  readonly notify: boolean;
  readonly http?: HttpAddress;
  readonly sinks: boolean;
  readonly profile?: string | true;
  readonly trace?: string;
}

export const addRun: AddCommand = (program, act) => {
  program
    .command('run')
    .description('Runs pipelines in this process, exactly once, until Ctrl-C')
    .argument('[paths...]', 'pipeline files, or directories of them (default: pipelines/)')
    .option('--until-end', 'process what the sources hold now, commit and end')
    .option('--close', 'with --until-end: then close the windows that are still open')
    .option('--for <duration>', 'end by itself after so long: 20s, 5m', durationOf)
    .option(...PARTITIONS)
    .option(...WORKERS)
    .option('--memory <size>', 'of state in memory, all pipelines together; what is more waits on disk (default: 1GiB each)', sizeOf)
    .option(...BROKERS)
    .option(...REGISTRY)
    .option(...DIRECTORY)
    .option(...STALL_TIMEOUT)
    .option(
      '--shutdown-timeout <duration>',
      'end with 69 when the last commits take longer than that, after a signal, --for or a failure',
      durationOf,
      DEFAULT_SHUTDOWN_MS,
    )
    .option('--no-notify', 'tell nobody of the incidents of alerts; they are in their topics all the same')
    .option(...httpOption('the console, queries, live events, metrics and `collect:`'))
    .option('--no-sinks', 'leave rows of sinks that are no topics in the topics that they go through')
    .option(
      '--profile [file]',
      `says in the end what the time went to, step by step; the samples go to the file (default: ${PROFILE_FILE})`,
    )
    .option(...TRACE)
    .option(...LOG_FORMAT)
    .option(...LOG_LEVEL)
    .option('--json', 'NDJSON: per pipeline stats every second, boards that changed, a summary')
    .action(act(run));
};

const run: Action<RunOptions> = async (context, paths, options) => {
  requireTimeouts(options);
  if (options.profile !== undefined && (options.workers ?? 1) > 1)
    throw new UsageError('--profile looks at one thread: it does not go with --workers');
  const limit = new ShutdownLimit(options.shutdownTimeout);
  const log = structuredLog(context.stdout, options);
  try {
    return await limit.within(context.signal, () => runWithin(context, paths, options, limit, log));
  } catch (error) {
    if (log === null) throw error;
    log.fatal({ error }, 'ended');
    return exitCodeOf(error);
  }
};

async function runWithin(
  context: CliContext,
  paths: readonly string[],
  options: RunOptions,
  limit: ShutdownLimit,
  log: Logger | null,
): Promise<ExitCode> {
  const end = runEnd(options);
  const json = options.json === true ? new NdjsonWriter(context.stdout, 'run') : null;
  const loaded = await loadPipelines(context, paths);
  const plans = plansOf(context, loaded, json);
  const http = httpSettings(context, options.http, loaded.project);
  const traces = traceUrl(context, options.trace);
  const warn = (message: string): void => {
    if (log !== null) log.warn(message);
    else if (json === null) context.stderr.write(`warning: ${message}\n`);
    else json.write({ warning: message });
  };
  const unlock = await lockBackend(backendSettings(context, options, loaded.project));
  try {
    const backend = await openBackend(context, options, loaded.project, {
      onWarning: warn,
      ...(log === null ? {} : { kafka: kafkaLogOf(log) }),
      runs: true,
    });
    const tracing = traces === null ? null : await openTracing(traces, warn);
    const unwatch = watchEventLoop(options.stallTimeout);
    try {
      if (context.signal.aborted) return EXIT_CODES.interrupted.code;
      const settings = {
        command: 'run',
        plans,
        recompile: recompiler(loaded),
        end,
        stallMs: options.stallTimeout,
        json,
        log,
        tracing,
        sinks: options.sinks,
        ...(options.notify && loaded.project !== null ? { targets: loaded.project.notify } : {}),
        ...(http === null ? {} : { http }),
        onEnding: (failure: unknown) => {
          limit.begin(failure);
        },
        profiled: options.profile !== undefined,
        ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
        ...(options.workers === undefined ? {} : { workers: options.workers }),
        ...(options.memory === undefined ? {} : { memory: options.memory }),
      };
      const { profile } = options;
      if (profile === undefined) return await runProject(context, backend, settings);
      const file = profile === true ? PROFILE_FILE : profile;
      return await profiled(context, { file, plans, json }, () => runProject(context, backend, settings));
    } finally {
      limit.end();
      await unwatch();
      await tracing?.close();
      // What hangs may not close either.
      await Promise.race([backend.close(), delay(CLOSE_MS, undefined, { ref: false })]);
    }
  } finally {
    await unlock();
  }
}
