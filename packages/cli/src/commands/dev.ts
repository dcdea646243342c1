import { dirname } from 'node:path';
import { backendSettings, openBackend, type BackendOptions } from '../backend/backend.js';
import type { Action } from '../context.js';
import { DevSession } from '../dev/session.js';
import { EXIT_CODES } from '../exit-codes.js';
import { httpAddressOf } from '../option-values.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { reportFailure } from '../output/report-failure.js';
import type { AddCommand } from '../program.js';
import { loadPipelines, loadProjectFile } from '../project/load.js';
import { Directories, namedDirectories } from '../project/watch-directories.js';
import { httpSettings, type HttpAddress } from '../run/http.js';
import { lockBackend } from '../run/lock-backend.js';
import { BROKERS, DIRECTORY, PARTITIONS, REGISTRY } from '../run/options.js';

interface DevOptions extends BackendOptions {
  readonly partitions?: number;
  readonly http: HttpAddress;
  readonly json?: boolean;
}

const DEFAULT_HTTP = '127.0.0.1:4280';

export const addDev: AddCommand = (program, act) => {
  program
    .command('dev')
    .description('Runs pipelines and follows their files: an edit takes effect at once, with the state kept where it can be; until Ctrl-C')
    .argument('[paths...]', 'pipeline files, or directories of them (default: pipelines/)')
    .option(...PARTITIONS)
    .option(...BROKERS)
    .option(...REGISTRY)
    .option(...DIRECTORY)
    .option('--http <[host:]port>', 'queries, live events and metrics; port 0: a free one', httpAddressOf, httpAddressOf(DEFAULT_HTTP))
    .option('--json', 'NDJSON as of `rta run`; per edit and pipeline what became of its state: new, kept, rebuilt, gone')
    .action(act(dev));
};

const dev: Action<DevOptions> = async (context, paths, options) => {
  const json = options.json === true ? new NdjsonWriter(context.stdout, 'dev') : null;
  const project = loadProjectFile(context);
  const unlock = await lockBackend(backendSettings(context, options, project));
  const directories = new Directories();
  try {
    const backend = await openBackend(context, options, project, {
      onWarning: (message) => {
        if (json === null) context.stderr.write(`warning: ${message}\n`);
        else json.write({ warning: message });
      },
      runs: true,
    });
    const session = new DevSession(context, backend, {
      http: (loaded) => httpSettings(context, options.http, loaded.project),
      json,
      ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
    });
    try {
      while (!context.signal.aborted) {
        try {
          directories.watch([context.cwd, ...namedDirectories(context.cwd, paths)]);
          const loaded = await loadPipelines(context, paths);
          directories.watch(loaded.pipelines.flatMap(({ inputs }) => [...inputs.keys()].map(dirname)));
          await session.apply(loaded);
        } catch (error) {
          reportFailure(error, context, json !== null);
        }
        await directories.changed(context.signal);
      }
      return EXIT_CODES.interrupted.code;
    } finally {
      await session.stop();
      await backend.close();
    }
  } finally {
    directories.close();
    await unlock();
  }
};
