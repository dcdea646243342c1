/** Who takes rows from the topics of sinks to their stores while pipelines run in this process. */
import { join } from 'node:path';
import { showStore, type Plan } from '@rta/dsl';
import type * as Delivery from '@rta/serve/delivery';
import type { Backend } from '../backend/backend.js';
import type { OlapDoor } from './olap-door.js';
import { runBeside } from './run-beside.js';

/** How long the last rows of a run that ends by itself may take to be delivered; the next run goes on with what is left. */
const DRAIN_MS = 30_000;

export interface SinksOptions {
  readonly backend: Pick<Backend, 'log' | 'registry' | 'directory'>;
  /** Their topics are there. */
  readonly plans: readonly Plan[];
  /** Of this process, the same after a restart. */
  readonly workerId: string;
  readonly says: (pipeline: string, message: string) => void;
  /** Told when the OLAP store is there, and before it is closed. */
  readonly door: OlapDoor;
  /** Of the HTTP side; null: nothing listens. */
  readonly url: string | null;
}

/** Where the embedded OLAP store of a directory is. */
export function olapPath(directory: string): string {
  return join(directory, 'olap.duckdb');
}

/**
 * Runs pipelines, and delivers the rows of their sinks meanwhile; where the run ends by itself, also what it left. A store that says no
 * stops its own sink only. Rejects as `run` does, and with StoreError where the OLAP store cannot be opened.
 */
export async function whileDelivering<T>(options: SinksOptions, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  const { plans, backend, says, door, url } = options;
  const usesOlap = plans.some(({ sinks }) => sinks.some(({ store }) => store?.kind === 'table'));
  if (!usesOlap) return run();
  // DuckDB is large: it is loaded for those who need it.
  const delivery = await import('@rta/serve/delivery');
  const olap = await delivery.OlapStore.open(olapPath(backend.directory));
  try {
    await door.opened(olap, url);
    const of = new Map(deliverersOf(options, delivery, olap).map((one) => [one.deliverer, one]));
    const onFailed = (deliverer: Delivery.Deliverer, why: string): void => {
      const { pipeline, what } = of.get(deliverer)!;
      says(pipeline, `rows do not go to the ${what} any more: ${why}`);
    };
    return await runBeside([...of.keys()], { signal, drainMs: DRAIN_MS, onFailed }, run);
  } finally {
    await door.closed();
    await olap.close();
  }
}

interface Delivering {
  readonly pipeline: string;
  readonly what: string;
  readonly deliverer: Delivery.Deliverer;
}

function deliverersOf(
  { backend: { log, registry }, plans, workerId, says }: SinksOptions,
  { Deliverer, TableSink }: typeof Delivery,
  olap: Delivery.OlapStore,
): readonly Delivering[] {
  return plans.flatMap(({ pipeline, sinks }) =>
    sinks.flatMap((sink): Delivering[] => {
      const { store: target } = sink;
      if (target === undefined) return [];
      const what = showStore(target);
      const onWarning = (message: string): void => {
        says(pipeline, `${what}: ${message}`);
      };
      const store = new TableSink(olap, sink, target);
      return [{ pipeline, what, deliverer: new Deliverer({ log, registry, pipeline, sink, store, workerId, isOwn: true, onWarning }) }];
    }),
  );
}
