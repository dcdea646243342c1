/**
 * How a consumer group says that a reset of its pipeline is not done yet: as metadata beside its offsets, which every worker reads before
 * it restores. Whoever finds it does not start (`reset_unfinished`). The next reset reads it, and goes on.
 *
 * `{"v":1,"reset":{"g":2,"to":120,"output":true}}`
 */
export interface ResetMarker {
  /** Of the pipeline's history once the reset is done, see `TaskPosition`. */
  readonly generation: number;
  /** Where the partition will be read from. */
  readonly to: number;
  /** Whether the output of before is taken away. */
  readonly output: boolean;
}

export function encodeMarker({ generation, to, output }: ResetMarker): string {
  return JSON.stringify({ v: 1, reset: { g: generation, to, output } });
}

/** Null where the metadata is none. */
export function decodeMarker(metadata: string): ResetMarker | null {
  if (!metadata.includes('"reset"')) return null;
  try {
    const { v, reset } = JSON.parse(metadata) as { v?: unknown; reset?: { g: number; to: number; output: boolean } };
    return v === 1 && reset !== undefined ? { generation: reset.g, to: reset.to, output: reset.output } : null;
  } catch {
    return null;
  }
}
