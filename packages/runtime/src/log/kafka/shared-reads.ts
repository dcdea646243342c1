/**
 * What members of one process fetch of the same partitions. Pipelines that read one topic are about where the others are: what one of them
 * has fetched serves those that come to the same place soon after, and those that would ask for it while it is on its way. It is then
 * sent, copied, checked and unpacked once, however many read it.
 */
import { type TopicPartition, tpKey } from '../log.js';
import { answerMemory } from './answer-memory.js';
import type { Fetched } from './reader.js';

/** Kept of all partitions together, at most, beyond what members have in their own buffers: whole answers, and what of them was unpacked. */
const KEPT_BYTES = 32 * 1024 * 1024;
/** ms that something is kept, at most: a topic of the same name may be another one by then. */
const KEPT_MS = 5_000;
/** As long for what goes to the end of the partition, where more may have come meanwhile: about as old as an answer may be anyway. */
const END_MS = 100;
/** ms that members wait for what another one has asked for before they ask themselves: more than a broker holds an answer back. */
const WAIT_MS = 1_000;

/** What one fetch has brought. */
interface Piece extends Fetched {
  /** Where it was fetched from. */
  readonly from: number;
  readonly fetchedAtMs: number;
  /** Bytes beside the answer. */
  readonly unpacked: number;
  readonly release: () => void;
}

/** A request of a member for one partition. */
interface Asked {
  readonly by: object;
  /** Tell those that wait for it. */
  readonly waiting: Set<() => void>;
  timer: NodeJS.Timeout | undefined;
}

/** Of all members that one `Log` has joined to groups. */
export class SharedReads {
  private readonly partitions = new Map<string, SharedPartition>();
  /** The oldest first. */
  private readonly pieces = new Map<Piece, SharedPartition>();
  /** How many pieces lie in an answer: all of it is kept for the last of them, also what is of partitions that nobody shares. */
  private readonly answers = new Map<ArrayBufferLike, number>();
  private bytes = 0;

  /** `reader` reads the partition from now on, until it has left it. */
  join({ topic, partition }: TopicPartition, reader: object): SharedPartition {
    const key = tpKey(topic, partition);
    const shared = this.partitions.get(key) ?? new SharedPartition(this);
    this.partitions.set(key, shared);
    shared.readers.add(reader);
    return shared;
  }

  leave({ topic, partition }: TopicPartition, reader: object): void {
    const key = tpKey(topic, partition);
    const shared = this.partitions.get(key);
    if (shared === undefined) return;
    shared.readers.delete(reader);
    if (shared.readers.size < 2) shared.drop();
    if (shared.readers.size === 0) this.partitions.delete(key);
  }

  keep(piece: Piece, shared: SharedPartition): void {
    this.pieces.set(piece, shared);
    this.bytes += piece.unpacked;
    this.count(piece, 1);
    const oldest = performance.now() - KEPT_MS;
    for (const [old, of] of this.pieces) {
      if (this.bytes <= KEPT_BYTES && old.fetchedAtMs >= oldest) break;
      of.forget(old);
    }
  }

  forget(piece: Piece): void {
    if (!this.pieces.delete(piece)) return;
    this.bytes -= piece.unpacked;
    this.count(piece, -1);
    piece.release();
  }

  /** `by` pieces more lie in the answer of `piece`. */
  private count(piece: Piece, by: 1 | -1): void {
    const memory = memoryOf(piece);
    if (memory === undefined) return;
    const before = this.answers.get(memory) ?? 0;
    if (before + by === 0) this.answers.delete(memory);
    else this.answers.set(memory, before + by);
    if (before === 0 || before + by === 0) this.bytes += by * memory.byteLength;
  }
}

/** One partition that members read. */
export class SharedPartition {
  readonly readers = new Set<object>();
  private pieces: Piece[] = [];
  /** By offset. */
  private readonly asked = new Map<number, Asked>();
  /** The last stable offset that a broker has named. */
  private stable = -1;

  constructor(private readonly all: SharedReads) {}

  /** What is there of a fetch from `offset`. */
  find(offset: number): Fetched | undefined {
    const now = performance.now();
    const piece = this.pieces.findLast(({ from, nextOffset, fetchedAtMs }) => {
      const atMost = nextOffset < this.stable ? KEPT_MS : END_MS;
      return from <= offset && offset < nextOffset && now - fetchedAtMs <= atMost;
    });
    if (piece === undefined) return undefined;
    const { from, nextOffset, batches, bytes } = piece;
    const stable = Math.max(this.stable, piece.stable);
    if (from === offset) return { batches, nextOffset, stable, bytes };
    const left = batches.filter(({ lastOffset }) => lastOffset >= offset);
    return { batches: left, nextOffset, stable, bytes: left.reduce((sum, { start, end }) => sum + end - start, 0) };
  }

  /** A broker has answered a fetch from `from`: kept where others may come there, unless it is too much. */
  put(from: number, fetched: Fetched): void {
    this.stable = fetched.stable;
    if (this.readers.size < 2 || fetched.nextOffset === from) return;
    const unpacked = fetched.batches.some(({ compression }) => compression !== 'none') ? fetched.bytes : 0;
    if (unpacked + (memoryOf(fetched)?.byteLength ?? 0) > KEPT_BYTES) return;
    const piece: Piece = { ...fetched, from, fetchedAtMs: performance.now(), unpacked, release: holdMemory(fetched) };
    this.pieces.push(piece);
    this.all.keep(piece, this);
  }

  /** Forgets what is there. */
  drop(): void {
    for (const piece of this.pieces) this.all.forget(piece);
    this.pieces = [];
  }

  forget(piece: Piece): void {
    this.pieces = this.pieces.filter((other) => other !== piece);
    this.all.forget(piece);
  }

  /** A member asks a broker. Gives what says that it has its answer, or will have none. */
  ask(offset: number, by: object): () => void {
    const asked: Asked = { by, waiting: new Set(), timer: undefined };
    this.asked.set(offset, asked);
    return () => {
      if (this.asked.get(offset) === asked) this.asked.delete(offset);
      tell(asked);
    };
  }

  /** Whether another member has asked for this; `tell` is then called when that is over, or has taken too long. */
  waitFor(offset: number, by: object, tellMember: () => void): boolean {
    const asked = this.asked.get(offset);
    if (asked === undefined || asked.by === by) return false;
    asked.waiting.add(tellMember);
    asked.timer ??= setTimeout(() => tell(asked), WAIT_MS).unref();
    return true;
  }
}

function tell(asked: Asked): void {
  clearTimeout(asked.timer);
  asked.timer = undefined;
  const waiting = [...asked.waiting];
  asked.waiting.clear();
  for (const member of waiting) member();
}

/** Batches of one answer lie in one memory. */
function memoryOf({ batches }: Fetched): ArrayBufferLike | undefined {
  return batches.at(0)?.raw.buffer;
}

/** Gives what says that the batches are no longer read. */
export function holdMemory(fetched: Fetched): () => void {
  const memory = memoryOf(fetched);
  return memory === undefined ? () => undefined : answerMemory.hold(memory);
}
