/**
 * A task's position in its inputs, written at every commit beside the group's offset (metadata) and in the changelog, so that a new
 * owner goes on with the same watermarks (SEMANTICS rules 1 and 23).
 *
 * JSON, since it is small, rare, and read by people when something is wrong: `{"v":1,"o":{"topic-0":123},"t":[[max,[upstream…]]],"w":watermark,"g":generation,"n":[entries…],"e":epoch}`.
 */
export interface TaskPosition {
  /** Next offset to read per input partition, by `topic-partition`. */
  readonly offsets: Readonly<Record<string, number>>;
  /** Per input of the stage, in order: greatest event time seen (sources), watermarks by upstream partition (repartitions). */
  readonly times: readonly { readonly maxEventTime: number; readonly upstream: readonly number[] }[];
  /** The task watermark of the last flush: what was due by then has been closed. */
  readonly watermark: number;
  /**
   * Which history of the pipeline it belongs to: each reset begins another, 0 is the first. A store of an older one is of no use, nor are
   * the offsets of an older one in a changelog that was kept.
   */
  readonly generation: number;
  /** Of each of the stage's stores, entries that it has then; not there: not known. */
  readonly entries?: readonly number[];
  /** Of the version that committed it, see deployments/take-over.ts; not there: it was not deployed. */
  readonly epoch?: number;
}

/** Key of the position's record in the changelog and the store; store numbers never get there. */
export const POSITION_KEY: Uint8Array = Uint8Array.of(0xff);

export function isPositionKey(key: Uint8Array): boolean {
  return key.length === 1 && key[0] === 0xff;
}

// JSON has no infinities; NaN stands for an idle upstream.
type Encoded = number | 'i' | '-i' | 'n';
const encodeTime = (time: number): Encoded => (Number.isNaN(time) ? 'n' : time === Infinity ? 'i' : time === -Infinity ? '-i' : time);
const decodeTime = (time: Encoded): number => (time === 'n' ? NaN : time === 'i' ? Infinity : time === '-i' ? -Infinity : time);

export function encodePosition(position: TaskPosition): string {
  return JSON.stringify({
    v: 1,
    o: position.offsets,
    t: position.times.map((t) => [encodeTime(t.maxEventTime), t.upstream.map(encodeTime)]),
    w: encodeTime(position.watermark),
    ...(position.generation === 0 ? {} : { g: position.generation }),
    ...(position.entries === undefined || position.entries.length === 0 ? {} : { n: position.entries }),
    ...(position.epoch === undefined || position.epoch === 0 ? {} : { e: position.epoch }),
  });
}

/** Null where the text is not a position (another tool committed the offset). */
export function decodePosition(text: string): TaskPosition | null {
  let parsed: { v?: unknown; o?: Record<string, number>; t?: [Encoded, Encoded[]][]; w?: Encoded; g?: number; n?: number[]; e?: number };
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch {
    return null;
  }
  if (parsed.v !== 1 || parsed.o === undefined || parsed.t === undefined || parsed.w === undefined) return null;
  return {
    offsets: parsed.o,
    times: parsed.t.map(([max, upstream]) => ({ maxEventTime: decodeTime(max), upstream: upstream.map(decodeTime) })),
    watermark: decodeTime(parsed.w),
    generation: parsed.g ?? 0,
    ...(parsed.n === undefined ? {} : { entries: parsed.n }),
    ...(parsed.e === undefined ? {} : { epoch: parsed.e }),
  };
}
