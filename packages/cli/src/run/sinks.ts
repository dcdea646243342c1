/** Who takes rows from the topics of sinks to their stores while pipelines run in this process. */
import { join, resolve } from 'node:path';
import {
  type Diagnostic,
  type Plan,
  renderAll,
  resolveClickhouse,
  resolveWebhook,
  showStore,
  type SinkNode,
  type StoreTarget,
} from '@rta/dsl';
import { Deliverer, type DeliveryName, type DeliveryWatch, WebhookSink } from '@rta/serve';
import type { ClickhouseSink } from '@rta/serve/clickhouse';
import type * as Delivery from '@rta/serve/delivery';
import type { Backend } from '../backend/backend.js';
import type { CliContext } from '../context.js';
import { Failure } from '../failure.js';
import type { OlapDoor } from './olap-door.js';
import { type LeftOver, runBeside } from './run-beside.js';

/** How long the last rows of a run that ends by itself may take to be delivered; the next run goes on with what is left. */
const DRAIN_MS = 30_000;
/** Rows for so many requests of a webhook are read ahead: those of different partitions go beside each other. */
const REQUESTS_AHEAD = 8;

export interface SinksOptions {
  readonly backend: Pick<Backend, 'log' | 'registry' | 'directory'>;
  /** Their topics are there. */
  readonly plans: readonly Plan[];
  /** What the directories of `parquet:` are relative to. */
  readonly cwd: string;
  /** Of this process, the same after a restart. */
  readonly workerId: string;
  /** What the variables in sinks hold. */
  readonly env: CliContext['env'];
  readonly says: (pipeline: string, message: string) => void;
  /** Told of each delivery. */
  readonly deliveries: DeliveryWatch;
  /** Told when the OLAP store is there, and before it is closed. */
  readonly door: OlapDoor;
  /** Of the HTTP side; null: nothing listens. */
  readonly url: string | null;
  readonly leftOver: LeftOver;
}

/** Where the embedded OLAP store of a directory is. */
export function olapPath(directory: string): string {
  return join(directory, 'olap.duckdb');
}

/** @throws Failure `unset_variable` where a sink has variables that are not there, or hold what cannot be used */
export function checkStores(plans: readonly Plan[], env: CliContext['env']): void {
  const problem = storeProblems(plans, env);
  if (problem !== null) throw new Failure('unset_variable', `nothing was started: ${problem}`, 'set it, or deliver nothing: --no-sinks');
}

/** What is not there, or not usable, that deliverers need to reach stores; null: all is well. */
export function storeProblems(plans: readonly Plan[], env: CliContext['env']): string | null {
  const problems = plans.flatMap(({ sinks }) =>
    sinks.flatMap(({ store, span }) => (store === undefined ? [] : problemsOf(store, span, env))),
  );
  return problems.length === 0 ? null : `where rows go is not known\n${renderAll(problems, { colour: false })}`;
}

function problemsOf(store: StoreTarget, span: SinkNode['span'], env: CliContext['env']): readonly Diagnostic[] {
  switch (store.kind) {
    case 'clickhouse':
      return resolveClickhouse(store, span, env).problems;
    case 'webhook':
      return resolveWebhook(store, span, env).problems;
    case 'parquet':
    case 'table':
      return [];
  }
}

/**
 * Runs pipelines, and delivers the rows of their sinks meanwhile; where the run ends by itself, also what it left. A store that says no
 * stops its own sink only. Rejects as `run` does, and with StoreError where the OLAP store cannot be opened.
 */
export async function whileDelivering<T>(options: SinksOptions, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  const { plans, backend, says, deliveries, door, url, leftOver } = options;
  const stored = plans.flatMap((plan) =>
    plan.sinks.flatMap((sink) => (sink.store === undefined ? [] : [{ plan, sink, target: sink.store }])),
  );
  if (stored.length === 0) return run();
  const directories = stored.flatMap(({ target }) => (target.kind === 'parquet' ? [resolve(options.cwd, target.path)] : []));
  // DuckDB is large: it is loaded for those who need it.
  const delivery = stored.some(({ target }) => target.kind === 'table' || target.kind === 'parquet')
    ? await import('@rta/serve/delivery')
    : null;
  const olap = delivery === null ? null : { delivery, store: await delivery.OlapStore.open(olapPath(backend.directory), directories) };
  const stores: Stores = { olap, Clickhouse: await clickhouseOf(stored), open: [] };
  const of = new Map<Deliverer, Stored>();
  try {
    if (olap !== null) await door.opened(olap.store, url);
    for (const one of stored) {
      const deliverer = delivererOf(one, options, stores);
      of.set(deliverer, one);
      deliveries.add(deliverer, nameOf(one));
    }
    const onFailed = (deliverer: Deliverer, why: string): void => {
      const { plan, target } = of.get(deliverer)!;
      says(plan.pipeline, `rows do not go to the ${showStore(target)} any more: ${why}`);
      leftOver.onUndone('failed');
    };
    const onLeft = (deliverer: Deliverer): void => {
      const { plan, sink, target } = of.get(deliverer)!;
      says(plan.pipeline, `rows for the ${showStore(target)} are left in ${sink.topic}: the next run delivers them`);
      leftOver.onUndone('left');
    };
    const limit = { ms: DRAIN_MS, whileItGoes: leftOver.patient };
    return await runBeside([...of.keys()], { signal, limit, onFailed, onLeft }, run);
  } finally {
    for (const deliverer of of.keys()) deliveries.remove(deliverer);
    if (olap !== null) await door.closed();
    await olap?.store.close();
    await Promise.all(stores.open.map((one) => one.close()));
  }
}

interface Stored {
  readonly plan: Plan;
  readonly sink: SinkNode;
  readonly target: StoreTarget;
}

/** What sinks of a kind need, where there is one of it. */
interface Stores {
  readonly olap: { readonly delivery: typeof Delivery; readonly store: Delivery.OlapStore } | null;
  readonly Clickhouse: typeof ClickhouseSink | null;
  /** To be closed in the end. */
  readonly open: ClickhouseSink[];
}

async function clickhouseOf(stored: readonly Stored[]): Promise<typeof ClickhouseSink | null> {
  return stored.some(({ target }) => target.kind === 'clickhouse') ? (await import('@rta/serve/clickhouse')).ClickhouseSink : null;
}

function nameOf({ plan: { pipeline }, sink, target }: Stored): DeliveryName {
  return { pipeline, sink: sink.name, store: target.kind };
}

function delivererOf(stored: Stored, options: SinksOptions, { olap, Clickhouse, open }: Stores): Deliverer {
  const {
    plan: { pipeline, errors },
    sink,
    target,
  } = stored;
  const { backend, workerId, cwd, env, says, deliveries } = options;
  const { log, registry } = backend;
  const onWarning = (message: string): void => {
    says(pipeline, `${showStore(target)}: ${message}`);
  };
  const figures = deliveries.figuresOf(nameOf(stored));
  const common = { log, registry, pipeline, sink, workerId, onWarning, figures };
  switch (target.kind) {
    case 'table':
      return new Deliverer({ ...common, store: new olap!.delivery.TableSink(olap!.store, sink, target), isOwn: true });
    case 'clickhouse': {
      const store = new Clickhouse!({ sink, target, resolved: resolveClickhouse(target, sink.span, env) });
      open.push(store);
      return new Deliverer({ ...common, store, isOwn: false });
    }
    case 'parquet': {
      const store = new olap!.delivery.ParquetSink(olap!.store, sink, target, resolve(cwd, target.path));
      return new Deliverer({ ...common, store, isOwn: true });
    }
    case 'webhook': {
      const resolved = resolveWebhook(target, sink.span, env);
      const store = new WebhookSink({ log, pipeline, sink, target, resolved, errors, onWarning });
      return new Deliverer({ ...common, store, isOwn: false, settings: { mostRows: target.batch * REQUESTS_AHEAD } });
    }
  }
}
