/** Opening LevelDB, and its errors as those of the StateStore port. */
import { StateStoreError } from '@rta/runtime';
import { Level } from 'level';

export type LevelDb = Level<Uint8Array, Uint8Array>;

export interface LevelSettings {
  readonly writeBufferBytes: number;
  readonly cacheBytes: number;
  readonly maxOpenFiles: number;
}

/** Opens, creating it where there is none. Rejects with LevelDB's own error. */
export async function openLevel(directory: string, settings: LevelSettings): Promise<LevelDb> {
  const db: LevelDb = new Level<Uint8Array, Uint8Array>(directory, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    // Rows are small and mostly numbers: Snappy saves a third of the bytes and costs a fifth of the time.
    compression: false,
    writeBufferSize: settings.writeBufferBytes,
    cacheSize: settings.cacheBytes,
    maxOpenFiles: settings.maxOpenFiles,
  });
  await db.open();
  return db;
}

/**
 * Deletes a database that is not open, under LevelDB's own lock and without reading it: a damaged table can crash LevelDB. Deletes nothing
 * that LevelDB did not make. Rejects with LEVEL_LOCKED when another owner has it open.
 */
export async function destroyLevel(directory: string): Promise<void> {
  // `level` is classic-level under Node, whose types say more.
  await (Level as unknown as { destroy(location: string): Promise<void> }).destroy(directory);
}

/** LevelDB's code, looked for through the causes: opening wraps the real error. */
export function levelCode(error: unknown): string | undefined {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    const code = (e as { code?: unknown }).code;
    if (typeof code === 'string' && code !== 'LEVEL_DATABASE_NOT_OPEN') return code;
  }
  return error instanceof Error ? (error as { code?: string }).code : undefined;
}

/** Any error of LevelDB as a StateStoreError; one that is already is passed through. */
export function storeError(error: unknown, doing: string): StateStoreError {
  if (error instanceof StateStoreError) return error;
  const code = levelCode(error);
  const reason = rootMessage(error);
  const message = `${doing}: ${reason}`;
  switch (code) {
    case 'LEVEL_LOCKED':
      return new StateStoreError('locked', message, { cause: error });
    case 'LEVEL_CORRUPTION':
      return new StateStoreError('corrupt', message, { cause: error });
    case 'LEVEL_DATABASE_NOT_OPEN':
    case 'LEVEL_ITERATOR_NOT_OPEN':
    case 'LEVEL_BATCH_NOT_OPEN':
      return new StateStoreError('closed', message, { cause: error });
    default:
      // getSync's errors carry no code; LevelDB's own wording tells them apart.
      return new StateStoreError(/corruption|corrupted|bad block|checksum/i.test(reason) ? 'corrupt' : 'io', message, { cause: error });
  }
}

function rootMessage(error: unknown): string {
  let message = String(error);
  for (let e: unknown = error; e instanceof Error; e = e.cause) message = e.message;
  return message;
}
