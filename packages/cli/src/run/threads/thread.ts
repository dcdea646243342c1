/** The entry of a worker thread of `rta run --workers N`: a member of each pipeline's group, with a log, stores and kernels of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { compileStage } from '@rta/runtime';
import { openThreadBackend } from '../../backend/thread-backend.js';
import { openRun, type PipelineRun } from '../pipeline-run.js';
import { openTracing } from '../trace/tracing.js';
import { failureOf, type FromThread, type ThreadData, type ToThread } from './messages.js';
import { SchemaQuestions } from './schema-questions.js';

/** ms between snapshots. */
const SNAPSHOT_INTERVAL_MS = 500;
/** The same where the threads end together: the last step waits for snapshots. */
const DRAINING_INTERVAL_MS = 100;

const main = parentPort!;
const data = workerData as ThreadData;
const say = (message: FromThread): void => main.postMessage(message);

async function start(): Promise<void> {
  const warn = (message: string): void => {
    say({ type: 'warning', pipeline: null, message });
  };
  const backend = await openThreadBackend(data, warn);
  const tracing = data.traces === undefined ? null : await openTracing(data.traces, warn);
  const questions = new SchemaQuestions(say);
  const leaving = new Set<string>();
  const reached = new Set<string>();
  const runs: { readonly pipeline: string; readonly run: PipelineRun }[] = [];
  const snapshots = (): void => {
    say({ type: 'snapshots', snapshots: runs.map(({ run }) => run.snapshot()) });
  };
  for (const { plan, sinkSchemaIds } of data.plans) {
    const { pipeline } = plan;
    const { run } = await openRun(
      {
        plan,
        log: tracing?.log(backend.log, pipeline) ?? backend.log,
        stores: backend.stores,
        schemas: backend.registry,
        sinkSchemaIds,
        compileStage,
        createSources: false,
        workerId: data.workerId,
        ...(data.address === undefined ? {} : { address: data.address }),
        shared: {
          reached: () => {
            if (reached.has(pipeline)) return;
            reached.add(pipeline);
            snapshots();
            say({ type: 'reached', pipeline });
          },
          mayLeave: () => leaving.has(pipeline),
        },
        ...(data.partitions === undefined ? {} : { defaultPartitions: data.partitions }),
        ...(data.memoryLimit === undefined ? {} : { memoryLimit: data.memoryLimit }),
        onWarning: (message) => {
          say({ type: 'warning', pipeline, message });
        },
      },
      (now) => questions.judgeOf(now),
    );
    runs.push({ pipeline, run });
  }
  main.on('message', (message: ToThread) => {
    if (message.type === 'stop') {
      for (const { run } of runs) run.stop();
      return;
    }
    if (message.type === 'query') {
      const { id, pipeline, query } = message;
      runs
        .find((each) => each.pipeline === pipeline)!
        .run.query(query)
        .then(
          (answers) => say({ type: 'answer', id, answers, failure: null }),
          (error: unknown) => say({ type: 'answer', id, answers: [], failure: failureOf(error) }),
        );
      return;
    }
    if (message.type === 'leave') {
      leaving.add(message.pipeline);
      return;
    }
    if (message.type !== 'run') {
      questions.answered(message);
      return;
    }
    const timer = setInterval(snapshots, message.end.when === 'drained' ? DRAINING_INTERVAL_MS : SNAPSHOT_INTERVAL_MS);
    const all = runs.map(async ({ pipeline, run }) => {
      const failure = await run.run(message.end).then(() => null, failureOf);
      await tracing?.flush();
      say({ type: 'ended', pipeline, snapshot: run.snapshot(), failure });
    });
    void Promise.all(all).then(async () => {
      clearInterval(timer);
      await tracing?.close();
      await backend.log.close();
      main.close();
    });
  });
  snapshots();
  say({ type: 'ready' });
}

await start().catch((error: unknown) => {
  say({ type: 'failed', failure: failureOf(error) });
  main.close();
});
