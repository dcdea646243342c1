/** The row that says what a store is and how far it goes, and the journal by which lost batches show. */
import { StateStoreError } from '@rta/runtime';
import { journalKey, metaKey, openValue, sealValue } from './row.js';
import type { LevelDb } from './level-db.js';

/** Raised whenever rows change their meaning; a store of another format is rebuilt. */
export const FORMAT = 1;

/**
 * Journal rows that are kept. A damaged write-ahead log or a manifest cut short loses batches while LevelDB keeps those after them. The
 * ones it keeps are in the two newest logs at most, and those hold fewer batches than this: even an empty batch takes some 300 bytes of a
 * write buffer (keys, values and skip-list nodes of the meta row, the journal row and the deletion of an old one), which has 8 MiB at most.
 */
export const JOURNAL_LENGTH = 65_536;

export interface Meta {
  readonly format: number;
  readonly fingerprint: string;
  /** Next changelog offset to replay. */
  readonly position: number;
  /** Number of the last batch, from 1. */
  readonly batch: number;
  /** Wall time of the last batch, ms. */
  readonly syncedAt: number;
}

/** What stands in the way of using the store, in words; null: nothing. */
export type Verdict = { readonly meta: Meta } | { readonly unusable: string };

/** The bytes of the meta row; valid until the next row is sealed. */
export function sealMeta(meta: Meta): Uint8Array {
  return sealValue(metaKey(), Buffer.from(JSON.stringify(meta), 'utf8'));
}

/** Reads the meta row and checks that every batch of the journal is there. Never throws for what it finds on disk. */
export async function readMeta(db: LevelDb, fingerprint: string, oldest: number): Promise<Verdict> {
  const sealed = db.getSync(metaKey());
  if (sealed === undefined) return { unusable: 'it has no meta row: new, or made by something else' };
  let meta: Meta;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(openValue(metaKey(), sealed)).toString('utf8'));
    if (!isMeta(parsed)) return { unusable: 'its meta row is of another format' };
    meta = parsed;
  } catch (error) {
    if (error instanceof StateStoreError || error instanceof SyntaxError) return { unusable: `its meta row is damaged: ${error.message}` };
    throw error;
  }
  if (meta.format !== FORMAT) return { unusable: `its format is ${meta.format}, not ${FORMAT}` };
  if (meta.fingerprint !== fingerprint) return { unusable: 'it belongs to another pipeline, stage, partition or state layout' };
  if (meta.syncedAt < oldest)
    return { unusable: `it was last written at ${new Date(meta.syncedAt).toISOString()}, too long ago: tombstones may be gone` };
  const gap = await missingBatch(db, meta.batch);
  return gap === null ? { meta } : { unusable: `batch ${gap} of ${meta.batch} is missing: the write-ahead log or manifest was damaged` };
}

/** The first batch without its journal row among those that must have one; null: all are there. */
async function missingBatch(db: LevelDb, last: number): Promise<number | null> {
  let expected = Math.max(1, last - JOURNAL_LENGTH + 1);
  const rows = db.iterator({ gte: journalKey(expected), lte: journalKey(last), fillCache: false });
  try {
    for (;;) {
      const page = await rows.nextv(1000);
      if (page.length === 0) break;
      for (const [key, value] of page) {
        if (expected > last || Buffer.compare(key, journalKey(expected)) !== 0) return expected;
        openValue(key, value);
        expected++;
      }
    }
  } catch (error) {
    if (error instanceof StateStoreError) return expected;
    throw error;
  } finally {
    await rows.close();
  }
  return expected > last ? null : expected;
}

function isMeta(value: unknown): value is Meta {
  if (typeof value !== 'object' || value === null) return false;
  const meta = value as Record<string, unknown>;
  return (
    typeof meta.format === 'number' &&
    typeof meta.fingerprint === 'string' &&
    Number.isSafeInteger(meta.position) &&
    Number.isSafeInteger(meta.batch) &&
    (meta.batch as number) >= 1 &&
    typeof meta.syncedAt === 'number'
  );
}
