import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AvroSchema } from '@rta/dsl';
import { openBackend } from '../backend/backend.js';
import type { Action } from '../context.js';
import { DEMO_PIPELINES, DEMO_SOURCES } from '../demo/use-cases.js';
import type { ExitCode } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { DEFAULT_PARTITIONS, writeEvents } from '../generate/write-events.js';
import { durationOf, httpAddressOf, rateOf, wholeNumber } from '../option-values.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { loadPipelines, loadSchemaFile } from '../project/load.js';
import { httpSettings, type HttpAddress } from '../run/http.js';
import { runEnd } from '../run/options.js';
import { plansOf } from '../run/prepare.js';
import { runProject } from '../run/run-project.js';
import { recompiler } from '../run/source-changes.js';

interface DemoOptions {
  readonly rate: number;
  readonly for?: number;
  readonly seed?: number;
  readonly dir?: string;
  /** False: nothing listens. */
  readonly http: HttpAddress | false;
  readonly json?: boolean;
}

/** Scores a second: the boards move, and people can follow. */
const DEMO_RATE = 200;

export const addDemo: AddCommand = (program, act) => {
  program
    .command('demo')
    .description(
      'Five use cases live (game, shop, rides, web site, orders): generators, pipelines and boards in this process, without Kafka',
    )
    .option('--rate <events>', 'scores of the game a second; 0: as many as possible', rateOf, DEMO_RATE)
    .option('--for <duration>', 'end by itself after so long: 15s, 5m', durationOf)
    .option('--seed <n>', 'the same seed gives the same players, visitors and rides (default: drawn)', wholeNumber(0))
    .option('--dir <directory>', 'keep log and state here (default: a temporary directory, removed at the end)')
    .option('--http <[host:]port>', 'show the console there (default: a free port of this machine)', httpAddressOf, {
      host: '127.0.0.1',
      port: 0,
    })
    .option('--no-http', 'no console')
    .option('--json', 'NDJSON: per pipeline stats every second, boards that changed, a summary')
    .action(act(demo));
};

const demo: Action<DemoOptions> = async (context, _args, options) => {
  const end = runEnd(options);
  const root = demoProject();
  const http = options.http === false ? null : httpSettings(context, options.http, null);
  const json = options.json === true ? new NdjsonWriter(context.stdout, 'demo') : null;
  // The demo is the same everywhere: settings for Kafka in the environment are not for it.
  const loaded = await loadPipelines({ cwd: root, env: {} }, DEMO_PIPELINES);
  const plans = plansOf(context, loaded, json);
  const sources = DEMO_SOURCES.map((source) => ({ ...source, schema: demoSchema(root, source.scenario.schema) }));
  const kept = options.dir === undefined ? null : resolve(context.cwd, options.dir);
  const dir = kept ?? (await mkdtemp(join(tmpdir(), 'rta-demo-')));
  try {
    const onWarning = (message: string): void => void context.stderr.write(`warning: ${message}\n`);
    const backend = await openBackend({ ...context, env: {} }, { dir }, null, { onWarning, runs: true });
    const generators = new Generators();
    const signal = AbortSignal.any([context.signal, generators.failed]);
    let code: ExitCode;
    try {
      // What sinks write to files goes with the rest.
      code = await runProject({ ...context, cwd: dir, signal }, backend, {
        command: 'demo',
        plans,
        recompile: recompiler(loaded),
        partitions: DEFAULT_PARTITIONS,
        end,
        json,
        ...(http === null ? {} : { http }),
        prepared: () => {
          const seed = options.seed === undefined ? {} : { seed: options.seed };
          const declared = loaded.project?.topics ?? [];
          for (const { scenario, schema, rate, lateEvery, brokenEvery } of sources) {
            const target = { log: backend.log, registry: backend.registry, schema, declared };
            generators.start((signal) =>
              writeEvents(scenario, target, { rate: rate ?? options.rate, lateEvery, brokenEvery, signal, ...seed }),
            );
          }
        },
      });
    } finally {
      await generators.stop();
      await backend.close();
    }
    generators.check();
    return code;
  } finally {
    if (kept === null) await rm(dir, { recursive: true, force: true });
  }
};

/** The generators beside the pipelines: stopped after them, and the failure of one ends all. */
class Generators {
  private readonly stopping = new AbortController();
  private readonly failing = new AbortController();
  private readonly running: Promise<void>[] = [];

  /** Aborted when one fails. */
  get failed(): AbortSignal {
    return this.failing.signal;
  }

  start(generate: (signal: AbortSignal) => Promise<unknown>): void {
    this.running.push(
      generate(this.stopping.signal).then(
        () => undefined,
        (error: unknown) => {
          this.failing.abort(error);
        },
      ),
    );
  }

  /** Resolves when they have written what they were writing. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.running);
  }

  /** Throws what one failed with. */
  check(): void {
    this.failed.throwIfAborted();
  }
}

function demoSchema(root: string, name: string): AvroSchema {
  const found = loadSchemaFile({ cwd: root }, name);
  if (found === null) throw new Failure('no_schema', `there is no schemas/${name}.avsc in ${root}`);
  return found.schema;
}

/** The directory with the demo's pipelines and schemas: the checkout, or the copy that `prepack` puts into the package. */
function demoProject(): string {
  const here = import.meta.dirname;
  const places = [join(here, '../../../..'), join(here, '../../demo')];
  const found = places.find((place) => existsSync(join(place, 'pipelines/leaderboards')) && existsSync(join(place, 'schemas')));
  if (found !== undefined) return found;
  throw new Failure('no_demo', 'the pipelines of the demo are missing', 'install rta again, or run it from its checkout');
}
