/** Records of many requests in few appends: what comes while one is under way goes out together with the next. */
import { BatchBuilder, type Log, type OutputBatch } from '@rta/runtime';

/** How long the first record of a batch waits for others, ms. */
const LINGER_MS = 5;
/** Bytes of records that wait, or are under way, from which on no more are taken. */
const MAX_BYTES = 32 << 20;

interface Gathering {
  readonly builders: Map<string, BatchBuilder>;
  bytes: number;
  readonly durable: Promise<void>;
  readonly settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void };
}

export interface NewRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  /** Encoded, count first; null: none. */
  readonly headers: Uint8Array | null;
}

export class Appender {
  private gathering: Gathering | null = null;
  private writing: Promise<void> | null = null;
  private writingBytes = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly log: Log) {}

  /** Bytes that wait or are under way. */
  get pendingBytes(): number {
    return this.writingBytes + (this.gathering?.bytes ?? 0);
  }

  get isFull(): boolean {
    return this.pendingBytes >= MAX_BYTES;
  }

  /** Resolves when all of them are durable. Rejects with LogError: then some may be, and some not. */
  append(records: readonly NewRecord[], now: number): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    const gathering = (this.gathering ??= newGathering());
    for (const { topic, partition, key, value, headers } of records) {
      const name = `${topic}-${partition}`;
      let builder = gathering.builders.get(name);
      if (builder === undefined) gathering.builders.set(name, (builder = new BatchBuilder(topic, partition)));
      builder.append(now, key, 0, key?.length ?? 0, value, 0, value.length, headers);
      gathering.bytes += value.length + (key?.length ?? 0) + (headers?.length ?? 0);
    }
    if (this.writing === null) this.timer ??= setTimeout(() => this.write(), LINGER_MS);
    return gathering.durable;
  }

  private write(): void {
    this.timer = null;
    const gathering = this.gathering;
    if (gathering === null) return;
    this.gathering = null;
    this.writingBytes = gathering.bytes;
    const outputs: OutputBatch[] = [...gathering.builders.values()].flatMap((builder) => builder.take());
    this.writing = this.log.append(outputs).then(() => gathering.settle.resolve(), gathering.settle.reject).finally(() => {
      this.writing = null;
      this.writingBytes = 0;
      this.write();
    }); // prettier-ignore
  }
}

function newGathering(): Gathering {
  let settle!: Gathering['settle'];
  const durable = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
  // It may fail when nobody waits any more.
  durable.catch(() => undefined);
  return { builders: new Map(), bytes: 0, durable, settle };
}
