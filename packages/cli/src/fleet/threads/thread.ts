/** The entry of a worker thread of `rta worker --workers N`: it follows what is deployed, with a log, stores and kernels of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { openThreadBackend } from '../../backend/thread-backend.js';
import { failureOf } from '../../run/threads/messages.js';
import { openTracing } from '../../run/trace/tracing.js';
import type { CrewHooks } from '../crew.js';
import { Fleet } from '../fleet.js';
import type { FleetThreadData, FromFleetThread, ToFleetThread } from './messages.js';

/** ms between reports. */
const REPORT_INTERVAL_MS = 500;

const main = parentPort!;
const { cwd, by, address, partitions, traces, workerId, ...data } = workerData as FleetThreadData;
const say = (message: FromFleetThread): void => main.postMessage(message);

async function follow(): Promise<void> {
  const hooks: CrewHooks = {
    started: (...args) => say({ type: 'told', hook: 'started', with: args }),
    stopped: (...args) => say({ type: 'told', hook: 'stopped', with: args }),
    failed: (...args) => say({ type: 'told', hook: 'failed', with: args }),
    warning: (...args) => say({ type: 'told', hook: 'warning', with: args }),
    advanced: (...args) => say({ type: 'told', hook: 'advanced', with: args }),
  };
  const warn = (message: string): void => {
    hooks.warning(null, message);
  };
  const backend = await openThreadBackend(data, warn);
  const tracing = traces === undefined ? null : await openTracing(traces, warn);
  const stop = new AbortController();
  const fleet = new Fleet(
    {
      context: { cwd },
      backend,
      workerId,
      ...(partitions === undefined ? {} : { partitions }),
      ...(address === undefined ? {} : { address }),
      ...(tracing === null ? {} : { tracing }),
    },
    hooks,
    by,
  );
  main.on('message', (message: ToFleetThread) => {
    if (message.type === 'stop') {
      stop.abort();
      return;
    }
    const { id, key, query } = message;
    fleet.query(key, query).then(
      (answers) => say({ type: 'answer', id, answers, failure: null }),
      (error: unknown) => say({ type: 'answer', id, answers: [], failure: failureOf(error) }),
    );
  });
  const report = (): void => say({ type: 'runs', runs: fleet.runs() });
  const timer = setInterval(report, REPORT_INTERVAL_MS);
  try {
    await fleet.run(stop.signal, () => undefined);
    report();
  } finally {
    clearInterval(timer);
    await tracing?.close();
    await backend.log.close();
  }
}

await follow().then(
  () => say({ type: 'ended', failure: null }),
  (error: unknown) => say({ type: 'ended', failure: failureOf(error) }),
);
main.close();
