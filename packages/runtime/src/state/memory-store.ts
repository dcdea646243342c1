import { StateStoreError, type StateStore, type StateStores } from './store.js';

interface Contents {
  readonly fingerprint: string;
  position: number | null;
  /** By the key's bytes as a latin1 string, whose order is the bytes' order. */
  readonly rows: Map<string, Uint8Array>;
  open: boolean;
}

/** State stores in memory, for tests and the test driver. They outlive `close`, as a disk does, but not the object that holds them. */
export function memoryStateStores(): StateStores {
  const byTask = new Map<string, Contents>();
  return {
    open: async (taskId, fingerprint) => {
      let contents = byTask.get(taskId);
      if (contents?.open === true) throw new StateStoreError('locked', `the store of ${taskId} is open already`);
      if (contents?.fingerprint !== fingerprint) {
        contents = { fingerprint, position: null, rows: new Map(), open: false };
        byTask.set(taskId, contents);
      }
      contents.open = true;
      return new MemoryStateStore(taskId, contents);
    },
    kept: async (taskId, fingerprint) => {
      const contents = byTask.get(taskId);
      return contents?.fingerprint === fingerprint ? contents.position : null;
    },
  };
}

class MemoryStateStore implements StateStore {
  readonly #taskId: string;
  readonly #contents: Contents;
  #closed = false;

  constructor(taskId: string, contents: Contents) {
    this.#taskId = taskId;
    this.#contents = contents;
  }

  position(): number | null {
    return this.#contents.position;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#rows().get(text(key))?.slice();
  }

  async *range(from?: Uint8Array, to?: Uint8Array): AsyncGenerator<readonly [Uint8Array, Uint8Array], void, undefined> {
    const low = from === undefined ? '' : text(from);
    const high = to === undefined ? undefined : text(to);
    // A snapshot, as LevelDB's iterators are.
    const rows = [...this.#rows()].filter(([key]) => key >= low && (high === undefined || key < high)).sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [key, value] of rows) {
      this.#rows(); // throws once closed
      yield [new Uint8Array(Buffer.from(key, 'latin1')), value.slice()];
    }
  }

  async write(entries: Iterable<readonly [key: Uint8Array, value: Uint8Array | null]>, position: number): Promise<void> {
    const rows = this.#rows();
    // Taken first: an iterable that throws half way changes nothing.
    const batch = Array.from(entries, ([key, value]) => [text(key), value?.slice() ?? null] as const);
    for (const [key, value] of batch) {
      if (value === null) rows.delete(key);
      else rows.set(key, value);
    }
    this.#contents.position = position;
  }

  async sizeBytes(): Promise<number> {
    let sum = 0;
    for (const [key, value] of this.#rows()) sum += key.length + value.length;
    return sum;
  }

  async wipe(): Promise<void> {
    this.#rows().clear();
    this.#contents.position = null;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#contents.open = false;
  }

  #rows(): Map<string, Uint8Array> {
    if (this.#closed) throw new StateStoreError('closed', `the store of ${this.#taskId} is closed`);
    return this.#contents.rows;
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
