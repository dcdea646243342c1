/** State stores on a disk of one machine: what was written may be there after a crash, or be older, or gone, as LevelDB's files without a sync. */
import { StateStoreError, type StateStore, type StateStores } from '../../src/state/store.js';
import type { Faults } from './faults.js';
import { NOT_YET, type Life, type Scheduler } from './scheduler.js';

type Entry = readonly [key: string, value: Uint8Array | null];

/** One store's files. */
interface Contents {
  readonly fingerprint: string;
  /** All batches since it was made. */
  readonly batches: { readonly entries: readonly Entry[]; readonly position: number }[];
  rows: Map<string, Uint8Array>;
  owner: SimulatedStore | null;
  /** A checksum did not hold: the next opening finds it and wipes the store. */
  damaged: boolean;
}

const LOCK_WAIT_MS = 5000;

export class SimulatedDisk {
  readonly contents = new Map<string, Contents>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly faults: Faults,
  ) {}

  storesOf(life: Life): StateStores {
    return {
      open: (taskId, fingerprint) => {
        const deadline = this.scheduler.monotonic + LOCK_WAIT_MS;
        return this.scheduler.ask<StateStore>(
          life,
          'open store',
          async () => {
            let contents = this.contents.get(taskId);
            if (contents?.owner?.life.lives === true) {
              if (!this.scheduler.passed(deadline)) return NOT_YET;
              throw new StateStoreError('locked', `the store of ${taskId} is open already`);
            }
            if (contents?.fingerprint !== fingerprint || contents.damaged) {
              contents = { fingerprint, batches: [], rows: new Map(), owner: null, damaged: false };
              this.contents.set(taskId, contents);
            }
            const store = new SimulatedStore(this.scheduler, life, this.faults, contents);
            contents.owner = store;
            return store;
          },
          LOCK_WAIT_MS,
        );
      },
      kept: async (taskId, fingerprint) => {
        const contents = this.contents.get(taskId);
        return contents?.fingerprint === fingerprint ? (contents.batches.at(-1)?.position ?? null) : null;
      },
    };
  }

  /** The power goes: each store is as it was some batches ago. */
  powerCut(): void {
    for (const contents of this.contents.values()) {
      const { batches } = contents;
      batches.length -= Math.min(batches.length, this.scheduler.random(4));
      contents.rows = new Map();
      for (const { entries } of batches) apply(contents.rows, entries);
    }
  }

  /** Some of the stores are gone. */
  lose(): void {
    for (const id of [...this.contents.keys()]) if (this.scheduler.random(2) === 0) this.contents.delete(id);
  }
}

function apply(rows: Map<string, Uint8Array>, entries: readonly Entry[]): void {
  for (const [key, value] of entries) {
    if (value === null) rows.delete(key);
    else rows.set(key, value);
  }
}

class SimulatedStore implements StateStore {
  private state: 'open' | 'failed' | 'closed' = 'open';

  constructor(
    private readonly scheduler: Scheduler,
    readonly life: Life,
    private readonly faults: Faults,
    private readonly contents: Contents,
  ) {}

  position(): number | null {
    return this.contents.batches.at(-1)?.position ?? null;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.assertOpen();
    if (this.faults.happens('store row corrupt')) {
      this.contents.damaged = true;
      throw new StateStoreError('corrupt', 'a row has a wrong checksum');
    }
    return this.contents.rows.get(text(key))?.slice();
  }

  async *range(from?: Uint8Array, to?: Uint8Array): AsyncGenerator<readonly [Uint8Array, Uint8Array], void, undefined> {
    this.assertOpen();
    const rows = await this.scheduler.ask(this.life, 'range', async () =>
      [...this.contents.rows]
        .filter(([key]) => (from === undefined || key >= text(from)) && (to === undefined || key < text(to)))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    for (const [key, value] of rows) yield [new Uint8Array(Buffer.from(key, 'latin1')), value.slice()];
  }

  async write(entries: Iterable<readonly [key: Uint8Array, value: Uint8Array | null]>, position: number): Promise<void> {
    this.assertOpen();
    if (this.state === 'failed') throw new StateStoreError('io', 'no more writes after one that failed');
    const taken = Array.from(entries, ([key, value]): Entry => [text(key), value?.slice() ?? null]);
    return this.scheduler.ask(this.life, 'write store', async () => {
      const fails = this.faults.happens('store write failed');
      if (fails) this.state = 'failed';
      // A write that fails may be on the disk all the same.
      if (!fails || this.scheduler.random(2) === 0) {
        this.contents.batches.push({ entries: taken, position });
        apply(this.contents.rows, taken);
      }
      if (fails) throw new StateStoreError('io', 'no space left on the device');
    });
  }

  async sizeBytes(): Promise<number> {
    return [...this.contents.rows].reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  }

  async wipe(): Promise<void> {
    this.assertOpen();
    return this.scheduler.ask(this.life, 'wipe store', async () => {
      this.contents.batches.length = 0;
      this.contents.rows.clear();
      this.state = 'open';
    });
  }

  async close(): Promise<void> {
    if (this.state === 'closed') return;
    this.state = 'closed';
    return this.scheduler.ask(this.life, 'close store', async () => {
      if (this.contents.owner === this) this.contents.owner = null;
      this.scheduler.changes++;
    });
  }

  private assertOpen(): void {
    if (this.state === 'closed') throw new StateStoreError('closed', 'the store is closed');
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
