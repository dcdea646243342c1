/**
 * Opens an embedded log. LevelDB admits one process: it becomes the owner, and serves the others over a socket.
 *
 * ```
 * <dir>/db/                     LevelDB
 * <dir>/commits-a, commits-b    the witness of the last commits
 * <dir>/owner.json              who has it open: {"pid", "host", "command", "socket"}; stale when nobody holds LevelDB's lock
 * <dir>/owner.sock              the socket, where the path is short enough for one; else under the directory for temporary files
 * ```
 */
import { messageOf } from '@rta/dsl/message-of';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Level } from 'level';
import { type Log, LogError } from '../log.js';
import { EmbeddedLog, type EmbeddedLogOptions } from './embedded-log.js';
import type { Database } from './partition-reader.js';
import { recover } from './recover.js';
import { connectLog } from './remote-log.js';
import { type Served, type Serving, serveLog } from './server.js';
import { SharedLog } from './shared-log.js';
import { Witness } from './witness.js';

export const DEFAULT_LOG_DIR = '.rta/log';

/** Bytes of a socket's path: 104 with the final zero on macOS, 108 on Linux. */
const MAX_SOCKET_PATH = 103;
/** How long to go on trying when the directory is locked but its owner does not answer: it may be starting or closing. */
const PATIENCE_MS = 5000;
const RETRY_MS = 50;
const CONNECT_MS = 2000;

/**
 * Directories that this thread has open. LevelDB's lock (fcntl) belongs to the process and goes when the process closes the lock file once
 * more, as it does after a second, refused attempt to open it: another process could then open the same log. So there must be no such attempt.
 */
const owned = new Set<string>();

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly command: string;
  readonly socket: string;
}

/**
 * The log in `dir`, made if there is none; of another process that has it open, by its socket (then `join` is `unsupported`).
 * Rejects with LogError `corrupt` (saying what is lost), `in_use` (the owner does not answer), `unsupported` (another format),
 * `configuration` (the directory cannot be used).
 */
export async function openEmbeddedLog(dir = DEFAULT_LOG_DIR, options: EmbeddedLogOptions = {}): Promise<Log> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await own(dir, options);
    } catch (error) {
      if (!(error instanceof LogError) || error.code !== 'in_use') throw error;
      const owner = readOwner(dir);
      const remote = owner === null ? null : await connectLog(dir, owner.socket, CONNECT_MS).catch(notUnsupported);
      if (remote !== null) return remote;
      if (performance.now() > deadline) throw error;
      await delay(RETRY_MS);
    }
  }
}

/** As `openEmbeddedLog`, for commands: whoever has the log open may end or change meanwhile (`SharedLog`). */
export function shareEmbeddedLog(dir = DEFAULT_LOG_DIR): Promise<Log> {
  return SharedLog.open((cede) => openEmbeddedLog(dir, { cede }));
}

/**
 * As `openEmbeddedLog`, but only as the owner, so that groups can be joined: a process that has it open and runs no pipelines is asked for it, and
 * waited for, for `patienceMs`. Rejects with LogError `in_use`, naming the owner, when another process still is.
 */
export async function ownEmbeddedLog(dir = DEFAULT_LOG_DIR, options: EmbeddedLogOptions = {}, patienceMs = 0): Promise<EmbeddedLog> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await own(dir, options);
    } catch (error) {
      if (!(error instanceof LogError) || error.code !== 'in_use' || performance.now() >= deadline) throw error;
      await askFor(dir);
      await delay(RETRY_MS);
    }
  }
}

/** Whoever runs pipelines, or another version of rta, keeps it. */
async function askFor(dir: string): Promise<void> {
  const owner = readOwner(dir);
  const remote = owner === null ? null : await connectLog(dir, owner.socket, CONNECT_MS).catch(() => null);
  await remote?.cede().catch(() => undefined);
  await remote?.close();
}

async function own(dir: string, options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const real = makeDirectory(dir);
  const witness = new Witness(real);
  const path = join(real, 'db');
  const seen = witness.read();
  checkNotGutted(path, seen.length > 0);
  if (owned.has(real)) throw inUse(dir);
  owned.add(real);
  let db: Database;
  try {
    if (await isOurs(real)) throw inUse(dir);
    db = await openDatabase(dir, path);
  } catch (error) {
    owned.delete(real);
    throw error;
  }
  db.once('closed', () => owned.delete(real));
  let served: Served | null = null;
  try {
    // Read again: the owner before may have written until just now.
    const state = await recover(db, witness.read(), options.checkEverything === true);
    witness.start();
    const { served: listening, socket } = await serve({ log: () => log, cede: options.cede ?? null }, real);
    served = listening;
    writeOwner(real, { pid: process.pid, host: hostname(), command: process.argv.slice(1).join(' '), socket });
    const log = new EmbeddedLog(dir, db, witness, state, options, listening);
    return log;
  } catch (error) {
    await served?.close();
    witness.close();
    await db.close();
    throw error;
  }
}

/** Listens beside the log, or where that is not possible (a long path, a file system without sockets) among the temporary files. */
async function serve(what: Serving, dir: string): Promise<{ served: Served; socket: string }> {
  let failure: unknown = null;
  for (const path of [socketBeside, socketElsewhere]) {
    try {
      const socket = path(dir);
      if (socket === null) continue;
      // Whoever holds LevelDB's lock is the only owner: a socket that is there was left by one that was killed.
      if (process.platform !== 'win32') removeSocket(socket);
      return { served: await serveLog(what, socket), socket };
    } catch (error) {
      failure = error;
    }
  }
  throw new LogError('configuration', `the embedded log ${dir} cannot listen: ${messageOf(failure)}`, false, { cause: failure });
}

function makeDirectory(dir: string): string {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return realpathSync(dir);
  } catch (cause) {
    throw new LogError('configuration', `the embedded log cannot use the directory ${dir}: ${messageOf(cause)}`, false, { cause });
  }
}

async function openDatabase(dir: string, path: string): Promise<Database> {
  const db: Database = new Level<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    compression: false, // batches are read where the file is mapped; Avro gains little
    writeBufferSize: 16 * 1024 * 1024,
    maxFileSize: 16 * 1024 * 1024,
  });
  try {
    await db.open();
    return db;
  } catch (error) {
    const cause = (error as Error).cause as (Error & { code?: string }) | undefined;
    if (cause?.code === 'LEVEL_LOCKED') throw inUse(dir);
    const why = messageOf(cause ?? error);
    // Files that are missing or make no sense are damage; that we may not, or cannot now, is not.
    if (/permission|denied|read-only|no space|too many open/i.test(why))
      throw new LogError('configuration', `the embedded log ${dir} cannot be opened: ${why}`, false, { cause });
    const message = `the embedded log ${dir} is damaged: LevelDB cannot open it, so all of its topics are lost: ${why}`;
    throw new LogError('corrupt', message, false, { cause });
  }
}

/** LevelDB makes a new, empty database where CURRENT is missing, and removes the old one's files: not where there was a log. */
function checkNotGutted(path: string, hadCommits: boolean): void {
  if (existsSync(join(path, 'CURRENT'))) return;
  const files = existsSync(path) ? readdirSync(path) : [];
  const data = files.filter((name) => /\.(ldb|sst)$/.test(name) || (name.endsWith('.log') && statSync(join(path, name)).size > 0));
  if (hadCommits || data.length > 0)
    throw new LogError('corrupt', `the embedded log is damaged: ${join(path, 'CURRENT')} is missing, so all of its topics are lost`, false);
}

function inUse(dir: string): LogError {
  const owner = readOwner(dir);
  const who = owner === null ? 'another process' : `process ${owner.pid} on ${owner.host} (${owner.command})`;
  return new LogError('in_use', `the embedded log ${dir} is in use by ${who}`, true);
}

function readOwner(dir: string): Owner | null {
  try {
    return JSON.parse(readFileSync(join(dir, 'owner.json'), 'utf8')) as Owner;
  } catch {
    return null;
  }
}

/** Whether another thread of this process has it open. */
async function isOurs(dir: string): Promise<boolean> {
  const owner = readOwner(dir);
  if (owner === null || owner.pid !== process.pid || owner.host !== hostname()) return false;
  const remote = await connectLog(dir, owner.socket, CONNECT_MS).catch(() => null);
  await remote?.close();
  return remote?.ownerPid === process.pid;
}

function writeOwner(dir: string, owner: Owner): void {
  const path = join(dir, 'owner.json');
  writeFileSync(`${path}.new`, JSON.stringify(owner), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function socketBeside(dir: string): string | null {
  const path = join(dir, 'owner.sock');
  return process.platform === 'win32' || Buffer.byteLength(path) > MAX_SOCKET_PATH ? null : path;
}

function socketElsewhere(dir: string): string {
  const hash = createHash('sha256').update(dir).digest('hex').slice(0, 20);
  if (process.platform === 'win32') return `\\\\.\\pipe\\rta-${hash}`;
  const shared = join(tmpdir(), `rta-${userInfo().uid}`);
  mkdirSync(shared, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(shared);
  if (uid !== userInfo().uid || (mode & 0o077) !== 0)
    throw new LogError('configuration', `${shared} must belong to this user alone, for the socket of the embedded log`, false);
  return join(shared, `${hash}.sock`);
}

/**
 * Not by `rmSync`, which looks at what it removes: as long as the last file that was looked at is a socket, Node (20, at least) gives modules
 * that are loaded through a link the link's own path (`fs.realpathSync`), and what they need in turn is not found.
 */
function removeSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function notUnsupported(error: unknown): null {
  if (error instanceof LogError && error.code === 'unsupported') throw error;
  return null;
}
