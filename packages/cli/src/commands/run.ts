import { setTimeout as delay } from 'node:timers/promises';
import { openBackend, type BackendOptions } from '../backend/backend.js';
import type { Action } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { UsageError } from '../failure.js';
import { durationOf, wholeNumber } from '../option-values.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { loadPipelines } from '../project/load.js';
import { runEnd } from '../run/options.js';
import { plansOf } from '../run/prepare.js';
import { runProject } from '../run/run-project.js';
import { DEFAULT_STALL_MS, watchEventLoop } from '../run/stall-watch.js';

/** ms for the log to close; what it holds is committed by then. */
const CLOSE_MS = 30_000;

interface RunOptions extends BackendOptions {
  readonly untilEnd?: boolean;
  readonly close?: boolean;
  readonly for?: number;
  readonly partitions?: number;
  readonly workers?: number;
  readonly stallTimeout: number;
  readonly json?: boolean;
}

export const addRun: AddCommand = (program, act) => {
  program
    .command('run')
    .description('Runs pipelines in this process, exactly once, until Ctrl-C')
    .argument('[paths...]', 'pipeline files, or directories of them (default: pipelines/)')
    .option('--until-end', 'process what the sources hold now, commit and end')
    .option('--close', 'with --until-end: then close the windows that are still open')
    .option('--for <duration>', 'end by itself after so long: 20s, 5m', durationOf)
    .option('--partitions <n>', 'partitions of topics that have to be made and are not declared (default: 4)', wholeNumber(1))
    .option('--workers <n>', 'worker threads, each a member of the consumer groups (default: 1)', wholeNumber(1))
    .option('--brokers <list>', 'Kafka, host:port,host:port (default: KAFKA_BROKERS, rta.yaml, else the embedded log)')
    .option('--registry <url>', 'schema registry (default: SCHEMA_REGISTRY_URL, rta.yaml, else the embedded one)')
    .option('--dir <path>', 'directory of the embedded log and of state (default: .rta)')
    .option(
      '--stall-timeout <duration>',
      'end with 75 after so long without progress, though there is something to do',
      durationOf,
      DEFAULT_STALL_MS,
    )
    .option('--json', 'NDJSON: per pipeline stats every second, boards that changed, a summary')
    .action(act(run));
};

const run: Action<RunOptions> = async (context, paths, options) => {
  const end = runEnd(options);
  if (options.stallTimeout < 1000) throw new UsageError('--stall-timeout is at least 1s');
  const json = options.json === true ? new NdjsonWriter(context.stdout, 'run') : null;
  const loaded = await loadPipelines(context, paths);
  const plans = plansOf(context, loaded, json);
  const backend = await openBackend(context, options, loaded.project, {
    onWarning: (message) => {
      if (json === null) context.stderr.write(`warning: ${message}\n`);
      else json.write({ warning: message });
    },
  });
  const unwatch = watchEventLoop(options.stallTimeout);
  try {
    if (context.signal.aborted) return EXIT_CODES.interrupted.code;
    return await runProject(context, backend, {
      command: 'run',
      plans,
      end,
      stallMs: options.stallTimeout,
      json,
      ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
      ...(options.workers === undefined ? {} : { workers: options.workers }),
    });
  } finally {
    await unwatch();
    // What hangs may not close either.
    await Promise.race([backend.close(), delay(CLOSE_MS, undefined, { ref: false })]);
  }
};
