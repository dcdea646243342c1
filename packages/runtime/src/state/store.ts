/**
 * The StateStore port: bytes by key for one task, on disk. Writes are batches that carry the changelog position they reflect, so that a
 * restart replays only what is newer. The runtime's typed tables are the cache in front of it; only confirmed commits ever get here
 * (SEMANTICS rule 21). Implemented by `state-rocks` (LevelDB) and, for tests, by memory; one contract suite runs on both.
 */
export interface StateStore {
  /** Next changelog offset to replay; null when the store is empty or was just wiped. */
  position(): number | null;
  /** Synchronous: LevelDB's `getSync`. The bytes are the caller's. Throws StateStoreError `corrupt` when a checksum does not hold. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** All pairs with from <= key < to, in byte order. */
  range(from?: Uint8Array, to?: Uint8Array): AsyncIterable<readonly [Uint8Array, Uint8Array]>;
  /** One atomic batch: puts and deletes (value null), last one per key wins, and the new position. */
  write(entries: Iterable<readonly [key: Uint8Array, value: Uint8Array | null]>, position: number): Promise<void>;
  /** Number of bytes on disk, about. */
  sizeBytes(): Promise<number>;
  wipe(): Promise<void>;
  close(): Promise<void>;
}

export interface StateStores {
  /**
   * Opens (creating it) the store of one task. `fingerprint` names pipeline, stage, partition and state layout; a store of another
   * fingerprint, torn or damaged, is wiped, and `position()` is null then.
   */
  open(taskId: string, fingerprint: string): Promise<StateStore>;
  /**
   * How far the store of one task goes, without opening it: next changelog offset to replay; null: there is none of that fingerprint. It may
   * be older than the store, and the store may prove damaged: only who should have the task may depend on it. Never rejects.
   */
  kept(taskId: string, fingerprint: string): Promise<number | null>;
}

export class StateStoreError extends Error {
  override readonly name = 'StateStoreError';
  constructor(
    readonly code: 'corrupt' | 'locked' | 'io' | 'closed',
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
