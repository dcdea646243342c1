import { StateStoreError, type StateStore } from '@rta/runtime';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { FORMAT, JOURNAL_LENGTH, sealMeta, type Meta } from './meta.js';
import { type LevelDb, storeError } from './level-db.js';
import { notePosition } from './position-note.js';
import { journalKey, keptRowKey, metaKey, openValue, ROW_PREFIX, rowKey, sealValue } from './row.js';

/** Rows encoded at a stretch before other work gets its turn: about 4 ms. */
const ROWS_PER_TURN = 4_096;
const ROWS_PER_PAGE = 1_000;
const PAGE_BYTES = 1 << 20;
/** Between two notes of the position, ms; the last one is made at closing. */
const NOTE_MS = 10_000;

/** What a store needs of the place that it was opened from. */
export interface StoreHome {
  readonly directory: string;
  readonly fingerprint: string;
  now(): number;
  /** Deletes the files of the closed database and opens an empty one. */
  recreate(): Promise<LevelDb>;
  /** The store is closed and may be opened again. */
  released(): void;
}

/**
 * One LevelDB database. Batches are numbered, and each leaves a row in the journal (`meta.ts`). Not synced: after a power cut the store may
 * be older or damaged, which the next opening finds; what it lacks is in the changelog.
 */
export class LevelStateStore implements StateStore {
  readonly #home: StoreHome;
  #db: LevelDb;
  #meta: Meta | null;
  /** Writes, wipes and closing go one after the other. */
  #tail: Promise<void> = Promise.resolve();
  #state: 'open' | 'failed' | 'closed' = 'open';
  #notedAt = -Infinity;

  constructor(home: StoreHome, db: LevelDb, meta: Meta | null) {
    this.#home = home;
    this.#db = db;
    this.#meta = meta;
  }

  position(): number | null {
    return this.#meta?.position ?? null;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const levelKey = rowKey(key);
    let sealed: Uint8Array | undefined;
    try {
      sealed = this.#db.getSync(levelKey);
    } catch (error) {
      throw storeError(error, `reading ${this.#home.directory}`);
    }
    return sealed === undefined ? undefined : openValue(levelKey, sealed);
  }

  async *range(from?: Uint8Array, to?: Uint8Array): AsyncGenerator<readonly [Uint8Array, Uint8Array], void, undefined> {
    const rows = this.#guard(() =>
      this.#db.iterator({
        gte: from === undefined ? Uint8Array.of(ROW_PREFIX) : keptRowKey(from),
        lt: to === undefined ? Uint8Array.of(ROW_PREFIX + 1) : keptRowKey(to),
        fillCache: false,
        highWaterMarkBytes: PAGE_BYTES,
      }),
    );
    try {
      for (;;) {
        const page = await rows.nextv(ROWS_PER_PAGE).catch((error: unknown) => {
          throw storeError(error, `reading ${this.#home.directory}`);
        });
        if (page.length === 0) return;
        for (const [levelKey, sealed] of page) yield [levelKey.subarray(1), openValue(levelKey, sealed)];
      }
    } finally {
      await rows.close(); // an open iterator pins files
    }
  }

  write(entries: Iterable<readonly [key: Uint8Array, value: Uint8Array | null]>, position: number): Promise<void> {
    return this.#inTurn(async () => {
      this.#assertUsable();
      const batch = this.#guard(() => this.#db.batch());
      try {
        let rows = 0;
        for (const [key, value] of entries) {
          const levelKey = rowKey(key);
          if (value === null) batch.del(levelKey);
          else batch.put(levelKey, sealValue(levelKey, value));
          if (++rows % ROWS_PER_TURN === 0) await setImmediate();
        }
        const number = (this.#meta?.batch ?? 0) + 1;
        const meta: Meta = { format: FORMAT, fingerprint: this.#home.fingerprint, position, batch: number, syncedAt: this.#home.now() };
        const journal = journalKey(number);
        batch.put(journal, sealValue(journal, new Uint8Array(0)));
        if (number > JOURNAL_LENGTH) batch.del(journalKey(number - JOURNAL_LENGTH));
        batch.put(metaKey(), sealMeta(meta));
        await batch.write().catch((error: unknown) => {
          // A log with half a record in it must not be appended to; the next opening sorts it out.
          this.#state = 'failed';
          throw error;
        });
        this.#meta = meta;
        if (meta.syncedAt - this.#notedAt >= NOTE_MS) await this.#note();
      } catch (error) {
        await batch.close();
        throw isLevelError(error) ? storeError(error, `writing ${this.#home.directory}`) : error;
      }
    });
  }

  async sizeBytes(): Promise<number> {
    let sum = 0;
    try {
      for (const name of await readdir(this.#home.directory)) {
        // A compaction may delete the file meanwhile.
        sum += await stat(join(this.#home.directory, name)).then(
          (file) => file.size,
          () => 0,
        );
      }
    } catch (error) {
      throw storeError(error, `measuring ${this.#home.directory}`);
    }
    return sum;
  }

  wipe(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#state === 'closed') throw closed(this.#home.directory);
      this.#meta = null;
      this.#state = 'failed';
      await this.#note();
      try {
        await this.#db.close();
        this.#db = await this.#home.recreate();
      } catch (error) {
        throw storeError(error, `wiping ${this.#home.directory}`);
      }
      this.#state = 'open';
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#state === 'closed') return;
      this.#state = 'closed';
      try {
        await this.#db.close();
        if (this.#meta !== null) await this.#note();
      } catch (error) {
        throw storeError(error, `closing ${this.#home.directory}`);
      } finally {
        this.#home.released();
      }
    });
  }

  async #note(): Promise<void> {
    this.#notedAt = this.#meta?.syncedAt ?? -Infinity;
    await notePosition(this.#home.directory, this.#meta);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#tail.then(work);
    this.#tail = done.catch(() => undefined);
    return done;
  }

  #assertUsable(): void {
    if (this.#state === 'closed') throw closed(this.#home.directory);
    if (this.#state === 'failed')
      throw new StateStoreError('io', `${this.#home.directory} takes no more writes after one that failed; open it again`);
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeError(error, `using ${this.#home.directory}`);
    }
  }
}

function closed(directory: string): StateStoreError {
  return new StateStoreError('closed', `${directory} is closed`);
}

/** LevelDB's errors have a code; what the caller's own iterable throws is the caller's. */
function isLevelError(error: unknown): boolean {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && code.startsWith('LEVEL_');
}
