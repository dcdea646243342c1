/**
 * Carries confirmed commits into a state store, some seconds later and many at a time (SEMANTICS rule 21). What it is given are the
 * changelog batches of each commit as they were produced; a flush finds the newest record of each key in them, unless hardly a key had two
 * lately, and writes one batch.
 *
 * ```
 *   add(batches, position, commit) ──▶ collecting ──(flushMs after the first, or flushBytes)──▶ writing ──▶ onStored(commit)
 *                                          ▲                                                       │
 *                                          └────────────── add() goes on meanwhile ────────────────┘
 * ```
 */
import { StateStoreError, type StateStore } from './store.js';
import type { OutputBatch } from '../log/log.js';
import { ChangelogEntries } from './changelog-entries.js';

export interface WriteBehindOptions {
  /** Longest time that a commit waits, ms. Default 5,000; null: only size and `flush()`. */
  readonly flushMs?: number | null;
  /** Collected bytes at which a flush begins. Default 8 MiB. */
  readonly flushBytes?: number;
  /** Bytes collected and being written at which `room()` makes the caller wait. Default three times `flushBytes`. */
  readonly maxBytes?: number;
  /** All commits up to this one are in the store; their entries may be evicted. */
  readonly onStored?: (commit: number) => void;
  /** A write has failed; nothing more is written. For those flushes that nobody waits for. */
  readonly onError?: (error: unknown) => void;
  /** Calls back once after `ms` and returns what cancels it. Default: `setTimeout`, which does not keep the process alive. */
  readonly timer?: (ms: number, run: () => void) => () => void;
}

/** Where fewer of a flush's records than this part have a newer one in it, the next flushes are written as they are; not by a few records. */
const FEW_OLDER = 1 / 8;
const TELLING_RECORDS = 10_000;
const FLUSHES_AS_THEY_ARE = 7;

interface Collected {
  readonly batches: Uint8Array[];
  bytes: number;
  commit: number;
  position: number;
}

/** One per store. After a failed write it refuses everything: the store must be opened again and restored from the changelog. */
export class WriteBehind {
  readonly #store: StateStore;
  readonly #flushMs: number | null;
  readonly #flushBytes: number;
  readonly #maxBytes: number;
  readonly #options: WriteBehindOptions;
  #collecting: Collected | null = null;
  #writingBytes = 0;
  #writing: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #failure: { readonly error: unknown } | null = null;
  #closed = false;
  #stored: number | null = null;
  /** How many flushes more are written as they are. */
  #asTheyAre = 0;

  constructor(store: StateStore, options: WriteBehindOptions = {}) {
    this.#store = store;
    this.#options = options;
    this.#flushMs = options.flushMs === undefined ? 5_000 : options.flushMs;
    this.#flushBytes = options.flushBytes ?? 8 << 20;
    this.#maxBytes = options.maxBytes ?? 3 * this.#flushBytes;
  }

  /** The newest commit that is in the store, null before the first. */
  get stored(): number | null {
    return this.#stored;
  }

  /** Bytes held: collected, and being written. */
  get heldBytes(): number {
    return this.#writingBytes + (this.#collecting?.bytes ?? 0);
  }

  /**
   * Takes one commit, which must be confirmed: an aborted or unknown one must never come here.
   *
   * @param batches of the changelog, one partition: whole v2 batches, not compressed, oldest first; record keys are store keys, null values
   * deletions. Their bytes are kept until written and must not change, but for the header that an adapter seals.
   * @param position next changelog offset after them
   * @param commit greater than the one before
   *
   * Throws StateStoreError `closed` after `close`, and what a write failed with before.
   */
  add(batches: readonly OutputBatch[], position: number, commit: number): void {
    this.#assertUsable();
    const collecting = (this.#collecting ??= { batches: [], bytes: 0, commit, position });
    for (const { batch } of batches) {
      collecting.batches.push(batch);
      collecting.bytes += batch.length;
    }
    collecting.commit = commit;
    collecting.position = position;
    if (this.#writing !== null) return;
    if (collecting.bytes >= this.#flushBytes) void this.#start();
    else this.#arm();
  }

  /** Resolves when less than `maxBytes` are held; at once where they are. Rejects with what a write failed with. */
  async room(): Promise<void> {
    while (this.heldBytes >= this.#maxBytes) {
      this.#assertUsable();
      await (this.#writing ?? this.#start());
    }
  }

  /** Writes what was added before the call; rejects with what the write failed with. */
  async flush(): Promise<void> {
    this.#throwFailure();
    const upTo = this.#collecting?.commit;
    if (this.#writing !== null) await this.#writing;
    this.#throwFailure();
    if (this.#collecting !== null && upTo !== undefined) await (this.#writing ?? this.#start());
    this.#throwFailure();
  }

  /** Flushes, and takes no more. Does not close the store. Rejects with what the flush failed with, and is closed then as well. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.flush();
    } finally {
      this.#disarm();
      this.#collecting = null;
    }
  }

  /** Drops what is not written yet and takes no more (the task lost its partition, or a commit's outcome is unknown); waits for a write under way. */
  async abandon(): Promise<void> {
    this.#closed = true;
    this.#disarm();
    this.#collecting = null;
    await this.#writing?.catch(() => undefined);
  }

  #start(): Promise<void> {
    this.#disarm();
    const taken = this.#collecting;
    if (taken === null) return Promise.resolve();
    this.#collecting = null;
    this.#writingBytes = taken.bytes;
    const writing = this.#write(taken).finally(() => {
      this.#writing = null;
      this.#writingBytes = 0;
      if (this.#failure !== null || this.#collecting === null) return;
      if (this.#collecting.bytes >= this.#flushBytes) void this.#start();
      else this.#arm();
    });
    this.#writing = writing;
    writing.catch((error: unknown) => this.#options.onError?.(error));
    return writing;
  }

  async #write(taken: Collected): Promise<void> {
    try {
      const newestOnly = this.#asTheyAre === 0;
      const entries = new ChangelogEntries(taken.batches, newestOnly);
      await this.#store.write(entries, taken.position);
      if (!newestOnly) this.#asTheyAre--;
      else if (entries.records >= TELLING_RECORDS && entries.records - entries.entries < entries.records * FEW_OLDER)
        this.#asTheyAre = FLUSHES_AS_THEY_ARE;
    } catch (error) {
      this.#failure = { error };
      this.#collecting = null;
      throw error;
    }
    this.#stored = taken.commit;
    this.#options.onStored?.(taken.commit);
  }

  #arm(): void {
    if (this.#cancelTimer !== null || this.#flushMs === null || this.#closed) return;
    this.#cancelTimer = (this.#options.timer ?? systemTimer)(this.#flushMs, () => {
      this.#cancelTimer = null;
      if (this.#writing === null) void this.#start();
    });
  }

  #disarm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #assertUsable(): void {
    this.#throwFailure();
    if (this.#closed) throw new StateStoreError('closed', 'the write-behind buffer is closed');
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}

function systemTimer(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
