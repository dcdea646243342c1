/** An embedded log that another process owns: everything but joining a group goes over its socket. */
import { type Socket, connect } from 'node:net';
import { LogError, type Member, type MemberOptions } from '../log.js';
import { type Frame, FrameReader, PROTOCOL, type WireError, encodeFrame } from './frames.js';
import { LogClient } from './log-client.js';

interface Pending {
  readonly op: string;
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: LogError) => void;
}

/** Connects to the owner at `path`. Rejects with LogError `unreachable` when nobody answers within `timeoutMs`. */
export async function connectLog(dir: string, path: string, timeoutMs: number): Promise<RemoteLog> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opening = connect(path);
    const timer = setTimeout(() => opening.destroy(new Error('no answer')), timeoutMs);
    opening.once('error', (cause) => {
      clearTimeout(timer);
      reject(new LogError('unreachable', `the owner of the embedded log ${dir} does not answer: ${cause.message}`, true, { cause }));
    });
    opening.once('connect', () => {
      clearTimeout(timer);
      opening.removeAllListeners('error');
      resolve(opening);
    });
  });
  const log = new RemoteLog(dir, socket);
  await log.greet(timeoutMs);
  return log;
}

export class RemoteLog extends LogClient {
  /** Process id of the owner. */
  ownerPid = 0;
  private readonly reader = new FrameReader();
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private gone: LogError | null = null;

  constructor(
    private readonly dir: string,
    private readonly socket: Socket,
  ) {
    super();
    socket.on('data', (data: Buffer) => this.received(data));
    socket.on('error', (error) => this.lost(error.message));
    socket.on('close', () => this.lost('it has closed the connection'));
    // Waiting for an answer keeps the process alive, an idle connection does not.
    socket.unref();
  }

  /** @internal */
  async greet(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.lost('no answer'), timeoutMs);
    try {
      const { protocol, pid } = (await this.call('hello', [])) as { protocol: number; pid: number };
      this.ownerPid = pid;
      if (protocol !== PROTOCOL)
        throw new LogError('unsupported', `the embedded log ${this.dir} is run by process ${pid}, another version of rta`, false);
    } catch (error) {
      this.socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Always rejects with LogError `unsupported`. */
  async join(options: MemberOptions): Promise<Member> {
    throw new LogError(
      'unsupported',
      `group ${options.group} cannot be joined from here: the embedded log ${this.dir} is run by process ${this.ownerPid}, and only that ` +
        'process can run pipelines on it; stop it first, or use another directory',
      false,
    );
  }

  /** Asks the owner to close it soon. Rejects with LogError where it does not: `in_use`, `unsupported`. */
  async cede(): Promise<void> {
    await this.call('cede', []);
  }

  async close(): Promise<void> {
    this.gone ??= new LogError('closed', 'the connection to the embedded log has been closed', false);
    this.fail();
    this.socket.destroy();
  }

  protected request(op: string, args: readonly unknown[], body: readonly Uint8Array[]): Promise<Frame> {
    return new Promise((resolve, reject) => {
      if (this.gone !== null) {
        reject(this.gone);
        return;
      }
      const id = ++this.lastId;
      this.pending.set(id, { op, resolve, reject });
      this.socket.ref();
      for (const part of encodeFrame(id, { op, args }, body)) this.socket.write(part);
    });
  }

  private received(data: Buffer): void {
    let frames: Frame[];
    try {
      frames = this.reader.push(data);
    } catch (error) {
      this.lost((error as LogError).message);
      return;
    }
    for (const frame of frames) {
      const pending = this.pending.get(frame.id);
      this.pending.delete(frame.id);
      const failure = (frame.head as { error?: WireError }).error;
      if (failure === undefined) pending?.resolve(frame);
      else pending?.reject(new LogError(failure.code, failure.message, failure.retriable));
    }
    if (this.pending.size === 0) this.socket.unref();
  }

  private lost(why: string): void {
    this.gone ??= new LogError('unreachable', `the owner of the embedded log ${this.dir} (process ${this.ownerPid}) is gone: ${why}`, true);
    this.fail();
    this.socket.destroy();
  }

  private fail(): void {
    const error = this.gone!;
    for (const { op, reject } of this.pending.values()) {
      // Appended, or not: nobody can say.
      if (op === 'append' || op === 'commitIdle')
        reject(new LogError('unknown', `whether the records were written is not known: ${error.message}`, false, { cause: error }));
      else reject(error);
    }
    this.pending.clear();
  }
}
