/**
 * The sink `webhook:`: rows as arrays of JSON, by POST, at least once. Those of a partition, and so those of a key, come in their order; a
 * repeat has the same ids, and mostly the same idempotency key. What the target refuses for good goes where the pipeline's `errors` says.
 */
import type { Column, ErrorPolicy, ResolvedWebhook, SinkNode, WebhookTarget } from '@rta/dsl';
import { BatchBuilder, encodedHeaders, type Log, type OutputBatch, records, tpKey } from '@rta/runtime';
import { post } from '../../post.js';
import { type SinkBatch, type SinkRow, type SinkStore, StoreError } from '../sink-store.js';
import { valueJson } from '../value-json.js';

export interface WebhookSinkOptions {
  readonly log: Log;
  readonly pipeline: string;
  readonly sink: SinkNode;
  readonly target: WebhookTarget;
  /** The target's URL and headers. */
  readonly resolved: ResolvedWebhook;
  readonly errors: ErrorPolicy;
  /** Told of rows that were refused, the first of them and then ever fewer. */
  readonly onWarning: (message: string) => void;
}

/** What a target says of these rows, rather than of who asks or where: fewer of them may pass. */
const OF_ROWS: ReadonlySet<number> = new Set([400, 413, 422]);
/** A dead letter is no larger than topics take by default, bytes; of more the value is cut. */
const LARGEST_LETTER = 1_000_000;

export class WebhookSink implements SinkStore {
  /** The next offset of each partition that the target has not taken. */
  private readonly next = new Map<number, number>();
  private pending: OutputBatch[] = [];
  private letterPartitions = 0;
  private refusedCount = 0;

  constructor(private readonly options: WebhookSinkOptions) {}

  async begin(): Promise<ReadonlyMap<number, number>> {
    const { log, errors } = this.options;
    this.next.clear();
    this.pending = [];
    if (errors.policy === 'topic') this.letterPartitions = (await log.offsets(errors.topic)).length;
    return new Map();
  }

  async write({ items }: SinkBatch, signal: AbortSignal): Promise<void> {
    const partitions = new Map<number, SinkRow[]>();
    for (const row of items) {
      const rows = partitions.get(row.partition);
      if (row.offset < (this.next.get(row.partition) ?? 0)) continue;
      if (rows === undefined) partitions.set(row.partition, [row]);
      else rows.push(row);
    }
    const outcomes = await Promise.allSettled([...partitions.values()].map((rows) => this.deliver(rows, signal)));
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    const final = failures.find((error) => !(error instanceof StoreError) || !error.retriable);
    if (failures.length > 0) throw final ?? failures[0];
  }

  letters(): readonly OutputBatch[] {
    const { pending } = this;
    this.pending = [];
    return pending;
  }

  /** Those of one partition, a request after the other. */
  private async deliver(rows: readonly SinkRow[], signal: AbortSignal): Promise<void> {
    const { batch } = this.options.target;
    for (let at = 0; at < rows.length; at += batch) await this.send(rows.slice(at, at + batch), signal);
  }

  private async send(rows: readonly SinkRow[], signal: AbortSignal): Promise<void> {
    const { resolved, sink, target } = this.options;
    const [first, last] = [rows[0], rows[rows.length - 1]];
    const id = `${tpKey(sink.topic, first.partition)}-${String(first.offset)}-${String(last.offset)}`;
    const headers = { 'user-agent': 'rta', ...resolved.headers, 'content-type': 'application/json', 'idempotency-key': id };
    const body = JSON.stringify(rows.map((row) => this.json(row)));
    const outcome = await post({ url: resolved.url, headers, body }, target.timeoutMs, signal);
    if (outcome.result === 'again') throw new StoreError(outcome.why, true, outcome.afterMs === null ? {} : { afterMs: outcome.afterMs });
    if (outcome.result === 'refused') {
      if (!OF_ROWS.has(outcome.status)) throw new StoreError(outcome.why, false);
      if (rows.length > 1) {
        // The one that is to blame is looked for, and the others pass.
        const half = rows.length >> 1;
        await this.send(rows.slice(0, half), signal);
        await this.send(rows.slice(half), signal);
        return;
      }
      await this.refused(first, outcome.why);
    }
    this.next.set(last.partition, last.offset + 1);
  }

  private json({ partition, offset, time, key, row }: SinkRow): unknown {
    const { columns, key: keyColumns, topic } = this.options.sink;
    const of = (values: SinkRow['row'], some: readonly Column[]): unknown =>
      values === null ? null : Object.fromEntries(some.map(({ name, type }) => [name, valueJson(type, values[name])]));
    return {
      id: `${tpKey(topic, partition)}-${String(offset)}`,
      time: new Date(time).toISOString(),
      key: of(
        key,
        columns.filter(({ name }) => keyColumns?.includes(name)),
      ),
      row: of(row, columns),
    };
  }

  // ---- What is refused for good ----

  private async refused({ partition, offset }: SinkRow, why: string): Promise<void> {
    const { sink, errors, onWarning } = this.options;
    const place = `the row at ${tpKey(sink.topic, partition)}, offset ${String(offset)}, is refused: ${why}`;
    if (errors.policy === 'fail')
      throw new StoreError(`${place}; the pipeline says \`errors: fail\`: \`errors: { topic: … }\` puts such rows aside`, false);
    if (errors.policy === 'topic') await this.putAside(errors.topic, partition, offset, why);
    const count = ++this.refusedCount;
    // 1, 2, 4, 8, …: each of very many would hide what else is said.
    if ((count & (count - 1)) === 0) {
      const where = errors.policy === 'topic' ? `put aside in ${errors.topic}` : 'left out';
      onWarning(`${place}; it is ${where}${count === 1 ? '' : ` (${String(count)} so far)`}`);
    }
  }

  /** As it stands in the sink's topic, with the reason, as dead letters of steps are. */
  private async putAside(topic: string, partition: number, offset: number, why: string): Promise<void> {
    const { log, sink, pipeline } = this.options;
    for await (const batch of log.read(sink.topic, partition, offset, offset + 1))
      for (const { offset: at, timestamp, key, value } of records(batch, offset)) {
        if (at !== offset) continue;
        const room = Math.max(0, LARGEST_LETTER - (key?.length ?? 0));
        const kept = value?.subarray(0, room) ?? null;
        const headers = encodedHeaders([
          ['rta.reason', 'refused'],
          ['rta.message', why],
          ['rta.topic', sink.topic],
          ['rta.partition', String(partition)],
          ['rta.offset', String(offset)],
          ['rta.pipeline', pipeline],
          ['rta.step', sink.id],
          ['rta.timestamp', String(timestamp)],
          ...(kept?.length === value?.length ? [] : [['rta.truncated', String(value?.length)] as const]),
        ]);
        const builder = new BatchBuilder(topic, partition % this.letterPartitions);
        builder.append(Date.now(), key, 0, key?.length ?? 0, kept, 0, kept?.length ?? 0, headers);
        this.pending.push(...builder.take());
      }
  }
}
