const KEYS = 2_000;

/** The batch of a position: the same in the writer and in the test that checks what it left. */
export function changesAt(position: number): (readonly [Uint8Array, Uint8Array | null])[] {
  return Array.from({ length: 50 }, (_, i) => {
    const key = Buffer.from(`k${(position * 7_919 + i * 104_729) % KEYS}`);
    return [key, (position + i) % 11 === 0 ? null : Buffer.from(`${position}/${i}/${'v'.repeat((position * i) % 90)}`)];
  });
}

/** All rows after the batches up to `position`. */
export function contentsAt(position: number): Map<string, string> {
  const rows = new Map<string, string>();
  for (let p = 1; p <= position; p++) {
    for (const [key, value] of changesAt(p)) {
      if (value === null) rows.delete(Buffer.from(key).toString());
      else rows.set(Buffer.from(key).toString(), Buffer.from(value).toString());
    }
  }
  return rows;
}
