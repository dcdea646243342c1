/**
 * Alerts on what this process measures of a pipeline (`from: $metrics`): lag and latency. They go by the wall clock, outside of the law, and each
 * process has incidents of its own. These go to the topic of the pipeline's other incidents, which also says after a restart which are open.
 */
import { type AvroSchema, evaluate, ExpressionError, type MetricsAlert, type Row, type Value } from '@rta/dsl';
import { codecFor, frame, type SchemaRegistry } from '@rta/registry';
import { BatchBuilder, type Log, partitionOf, records, type WorkerSnapshot } from '@rta/runtime';
import { type Incident, IncidentReader } from './incident.js';

export interface MetricsAlertsOptions {
  readonly log: Log;
  readonly registry: Pick<SchemaRegistry, 'byId' | 'register'>;
  readonly pipeline: string;
  readonly topic: string;
  readonly keySchema: AvroSchema;
  readonly valueSchema: AvroSchema;
  readonly alerts: readonly MetricsAlert[];
  /** Of this process, the same after a restart. */
  readonly workerId: string;
  readonly snapshot: () => WorkerSnapshot;
}

/** What is known of an alert; a time (ms) is null where there is none. */
interface Watch {
  readonly since: number | null;
  readonly openedAt: number | null;
  readonly quietSince: number | null;
}

const CALM: Watch = { since: null, openedAt: null, quietSince: null };

export class MetricsAlerts {
  private readonly watches = new Map<string, Watch>();
  private readonly key: string;

  private constructor(
    private readonly options: MetricsAlertsOptions,
    private readonly ids: { readonly key: number; readonly value: number },
    private readonly partitions: number,
  ) {
    this.key = JSON.stringify({ worker: options.workerId });
  }

  /** Makes the topic where it is missing, and finds in it what is open. Rejects with LogError, RegistryError. */
  static async open(options: MetricsAlertsOptions): Promise<MetricsAlerts> {
    const { log, registry, topic } = options;
    const ids = {
      key: await registry.register(`${topic}-key`, options.keySchema),
      value: await registry.register(`${topic}-value`, options.valueSchema),
    };
    const there = (await log.topics()).find(({ name }) => name === topic);
    if (there === undefined) await log.ensureTopics([{ name: topic, partitions: 1, config: { 'cleanup.policy': 'compact' } }]);
    const opened = new MetricsAlerts(options, ids, there?.partitions ?? 1);
    await opened.restore();
    return opened;
  }

  private async restore(): Promise<void> {
    const { log, registry, topic, alerts } = this.options;
    const reader = new IncidentReader(registry);
    const last = new Map<string, Incident>();
    for (const { partition, low, stable } of await log.offsets(topic))
      for await (const batch of log.read(topic, partition, low, stable))
        for (const { value } of records(batch, low)) {
          const incident = await reader.read(value);
          if (incident !== null) last.set(incident.dedupKey, incident);
        }
    for (const { name } of alerts) {
      const incident = last.get(this.dedupKeyOf(name));
      if (incident?.action === 'trigger') this.watches.set(name, { since: incident.since, openedAt: incident.openedAt, quietSince: null });
    }
  }

  private dedupKeyOf(alert: string): string {
    return `${this.options.pipeline}/${alert}/${this.key}`;
  }

  /** Judges what is measured now, ms, and writes what comes of it. One at a time; rejects with LogError, and then looks again at the next. */
  async look(now: number): Promise<void> {
    const row = rowOf(this.options.snapshot());
    const written: BatchBuilder[] = [];
    const next = new Map<string, Watch>();
    for (const alert of this.options.alerts) {
      const { watch, action } = judge(alert, this.watches.get(alert.name) ?? CALM, holds(alert, row), now);
      next.set(alert.name, action === 'resolve' ? CALM : watch);
      if (action !== null) written.push(this.recordOf(alert.name, action, watch, row, now));
    }
    if (written.length > 0) await this.options.log.append(written.flatMap((builder) => builder.take()));
    for (const [name, watch] of next) this.watches.set(name, watch);
  }

  private recordOf(alert: string, action: string, { since, openedAt }: Watch, row: Row, now: number): BatchBuilder {
    const { topic, keySchema, valueSchema } = this.options;
    const dedupKey = this.dedupKeyOf(alert);
    const texts = { dedup_key: dedupKey, alert, action, reason: 'when', key: this.key, row: JSON.stringify(row) };
    const value = frame(this.ids.value, codecFor(valueSchema).encode({ ...texts, since, opened_at: openedAt, at: now }));
    const key = frame(this.ids.key, codecFor(keySchema).encode(dedupKey));
    const builder = new BatchBuilder(topic, partitionOf(key, 0, key.length, this.partitions));
    builder.append(now, key, 0, key.length, value, 0, value.length, null);
    return builder;
  }
}

function judge(
  { forMs, keepFiringMs }: MetricsAlert,
  before: Watch,
  isHolding: boolean,
  now: number,
): { readonly watch: Watch; readonly action: 'trigger' | 'resolve' | null } {
  if (isHolding) {
    const watch: Watch = { ...before, since: before.since ?? now, quietSince: null };
    const opens = before.openedAt === null && now - watch.since! >= forMs;
    return opens ? { watch: { ...watch, openedAt: now }, action: 'trigger' } : { watch, action: null };
  }
  if (before.openedAt === null) return { watch: CALM, action: null };
  const watch: Watch = { ...before, quietSince: before.quietSince ?? now };
  return { watch, action: now - watch.quietSince! >= keepFiringMs ? 'resolve' : null };
}

function holds({ when }: MetricsAlert, row: Row): boolean {
  const none = (): Value => null;
  try {
    return evaluate(when, { column: (name) => row[name], meta: none, accumulator: none }) === true;
  } catch (error) {
    if (error instanceof ExpressionError) return false;
    throw error;
  }
}

/** The columns of `$metrics`. */
function rowOf({ lag, endToEndP50, endToEndP99, watermarkDelayMs, late, rejected }: WorkerSnapshot): Row {
  return { lag, latency_p50: endToEndP50, latency_p99: endToEndP99, watermark_delay: watermarkDelayMs, late, rejected };
}
