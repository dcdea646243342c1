/** Boards without a rank: the rows that their topics got last, read back once a second. */
import { Buffer } from 'node:buffer';
import type { Board, Plan, Row, SinkNode, Value } from '@rta/dsl';
import { codecFor, frame, unframe, type SchemaRegistry } from '@rta/registry';
import { records, sinkReader, type Log, type LogRecord } from '@rta/runtime';
import { RecordDecoder } from '@rta/serve/lookups';
import { ordered, rankOf, shown, type BoardView } from './board-rows.js';

/** Rows kept of a board, and offsets read of a partition at a time: what is older is passed over, so that a flood costs no more. */
const KEPT = 200;

interface Followed {
  readonly board: Board;
  readonly sink: SinkNode;
  /** By key; the last to change is last. */
  readonly rows: Map<string, Row>;
  /** Next offset by partition. */
  readonly next: Map<number, number>;
}

export class LatestRows {
  private readonly followed: readonly Followed[];
  private readonly decoder: RecordDecoder;
  private reading: Promise<void> | null = null;

  constructor(
    private readonly plan: Plan,
    private readonly log: Log,
    registry: SchemaRegistry,
  ) {
    this.decoder = new RecordDecoder(registry);
    this.followed = (plan.boards ?? []).flatMap((board): Followed[] => {
      const sink = rankOf(plan, board) === null ? plan.sinks.find(({ id }) => id === board.sink) : undefined;
      return sink === undefined || board.range !== undefined ? [] : [{ board, sink, rows: new Map(), next: new Map() }];
    });
  }

  /** Reads what is new; one at a time. What cannot be read now is read later: boards stop no pipeline. */
  refresh(): Promise<void> {
    this.reading ??= this.readAll()
      .catch(() => undefined)
      .finally(() => {
        this.reading = null;
      });
    return this.reading;
  }

  /** As of the last `refresh`; in the board's order, else the latest first. */
  views(): BoardView[] {
    return this.followed.map(({ board, sink, rows }) => {
      const latest = [...rows.values()].reverse();
      return { pipeline: this.plan.pipeline, board, columns: sink.columns, rows: shown(sink.columns, ordered(latest, board.by)) };
    });
  }

  private async readAll(): Promise<void> {
    for (const followed of this.followed) {
      for (const { partition, low, stable } of await this.log.offsets(followed.sink.topic)) {
        const from = Math.max(low, stable - KEPT, followed.next.get(partition) ?? 0);
        if (from < stable) await this.readPartition(followed, partition, from, stable);
        followed.next.set(partition, stable);
      }
    }
  }

  private async readPartition({ sink, rows }: Followed, partition: number, from: number, to: number): Promise<void> {
    const readPlain = sink.format === 'csv' || sink.format === 'string' ? plainRows(sink) : null;
    for await (const batch of this.log.read(sink.topic, partition, from, to))
      for (const record of records(batch, from)) {
        const key = record.key === null ? `${String(partition)}-${String(record.offset)}` : Buffer.from(record.key).toString('hex');
        const row = readPlain === null ? rowOf(sink, await this.decoder.decode(record.value)) : readPlain(record);
        rows.delete(key);
        if (row !== null) rows.set(key, row);
      }
    for (const key of rows.keys()) {
      if (rows.size <= KEPT) break;
      rows.delete(key);
    }
  }
}

/** Of formats that do not say themselves what they are; null for tombstones, and for what others wrote there. */
function plainRows(sink: SinkNode): (record: LogRecord) => Row | null {
  const reader = sinkReader(sink, { codecFor, frame, unframe });
  return (record) => {
    try {
      return record.value === null ? null : reader.rowOf(record).row;
    } catch {
      return null;
    }
  };
}

function rowOf(sink: SinkNode, decoded: Awaited<ReturnType<RecordDecoder['decode']>>): Row | null {
  if ((decoded.format !== 'avro' && decoded.format !== 'json') || typeof decoded.value !== 'object' || decoded.value === null) return null;
  const values = decoded.value as Readonly<Record<string, Value | undefined>>;
  return Object.fromEntries(sink.columns.map(({ name }) => [name, values[name] ?? null]));
}
