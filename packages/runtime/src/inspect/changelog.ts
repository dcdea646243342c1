import { records } from '../log/batch/records.js';
import type { Log } from '../log/log.js';
import { decodePosition, isPositionKey, type TaskPosition } from '../task/position.js';

/** What one partition of a changelog says by now. */
export interface ChangelogState {
  /** By the key's bytes (latin1): newest key and value; deletions are left out. */
  readonly entries: ReadonlyMap<string, readonly [key: Uint8Array, value: Uint8Array]>;
  readonly position: TaskPosition | null;
}

/** Of what is committed (read_committed), as a restart would take it. Rejects with LogError. */
export async function changelogState(log: Log, changelog: string, partition: number): Promise<ChangelogState> {
  const entries = new Map<string, readonly [Uint8Array, Uint8Array]>();
  let position: TaskPosition | null = null;
  const offsets = (await log.offsets(changelog)).find((each) => each.partition === partition);
  if (offsets === undefined) return { entries, position };
  for await (const batch of log.read(changelog, partition, offsets.low, offsets.stable))
    for (const { key, value } of records(batch, offsets.low)) {
      if (key === null) continue;
      if (isPositionKey(key)) {
        position = value === null ? null : decodePosition(Buffer.from(value).toString('utf8'));
        continue;
      }
      const id = Buffer.from(key).toString('latin1');
      // The batch's memory goes with it.
      if (value === null) entries.delete(id);
      else entries.set(id, [Uint8Array.from(key), Uint8Array.from(value)]);
    }
  return { entries, position };
}
