/**
 * A proxy in front of a broker that knows Kafka's frames, for tests that lose requests or answers of one kind. Metadata names it as the
 * broker, so that every connection goes through it.
 *
 * ```
 * frame    := size:int32 bytes
 * request  := apiKey:int16 apiVersion:int16 correlationId:int32 …
 * response := correlationId:int32 …
 * ```
 */
import { createServer, connect, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The requests of workers, by their API keys. */
export const API = {
  produce: 0,
  fetch: 1,
  metadata: 3,
  offsetFetch: 9,
  findCoordinator: 10,
  joinGroup: 11,
  heartbeat: 12,
  leaveGroup: 13,
  syncGroup: 14,
  initProducerId: 22,
  addPartitionsToTxn: 24,
  addOffsetsToTxn: 25,
  endTxn: 26,
  txnOffsetCommit: 28,
} as const;

/** Those of deploys besides. */
export const ADMIN_API = { createTopics: 19 } as const;

/**
 * What happens to a request: it passes; the connection breaks before the broker sees it (`lost`), when half of it is there (`cut`), or when
 * the broker has answered (`unanswered`); the connection stays, but the broker gets no request (`swallowed`) or the client no answer
 * (`mute`); the request and all that follow on its connection are held up for `holdMs`; or it comes after `delayMs`, on another connection.
 */
export type Fate =
  'pass' | 'lost' | 'cut' | 'unanswered' | 'swallowed' | 'mute' | { readonly holdMs: number } | { readonly delayMs: number };

export class KafkaProxy {
  /** Decides over each request. */
  fate: (apiKey: number) => Fate = () => 'pass';
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly host: string,
    private readonly port: number,
  ) {}

  static async start(broker: string): Promise<KafkaProxy> {
    const [host, port] = broker.split(':');
    const server = createServer();
    const proxy = new KafkaProxy(server, host, Number(port));
    server.on('connection', (client) => proxy.serve(client));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${this.ownPort}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private get ownPort(): number {
    return (this.server.address() as { port: number }).port;
  }

  private serve(client: Socket): void {
    const broker = connect(this.port, this.host);
    for (const socket of [client, broker]) {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => undefined);
      socket.setNoDelay(true);
    }
    client.on('close', () => broker.destroy());
    broker.on('close', () => client.destroy());
    const kinds = new Map<number, { apiKey: number; fate: Fate }>();
    /** Until when requests are held up. */
    let heldUntil = 0;
    let gate: Promise<unknown> = Promise.resolve();
    const forward = (frame: Buffer): void => {
      if (heldUntil === 0) broker.write(frame);
      else gate = gate.then(() => sleep(Math.max(0, heldUntil - performance.now()))).then(() => broker.write(frame));
    };
    frames(client, (frame) => {
      const apiKey = frame.readInt16BE(4);
      const fate = this.fate(apiKey);
      if (fate === 'lost') client.destroy();
      else if (fate === 'cut') broker.write(frame.subarray(0, frame.length >> 1), () => client.destroy());
      else if (typeof fate === 'object' && 'delayMs' in fate) this.late(frame, fate.delayMs, client);
      else if (fate !== 'swallowed') {
        if (typeof fate === 'object') heldUntil = performance.now() + fate.holdMs;
        kinds.set(frame.readInt32BE(8), { apiKey, fate });
        forward(frame);
      }
    });
    frames(broker, (frame) => {
      const correlationId = frame.readInt32BE(4);
      const kind = kinds.get(correlationId);
      kinds.delete(correlationId);
      if (kind?.fate === 'unanswered') client.destroy();
      else if (kind?.fate !== 'mute') client.write(kind?.apiKey === API.metadata ? this.renamed(frame) : frame);
    });
  }

  /** The client gets no answer; the broker gets the request when the client has long given up. */
  private late(frame: Buffer, delayMs: number, client: Socket): void {
    client.destroy();
    setTimeout(() => {
      const broker = connect(this.port, this.host);
      this.sockets.add(broker);
      broker.on('error', () => undefined);
      broker.write(frame);
    }, delayMs).unref();
  }

  /** With our port in the place of the broker's, behind its host name. */
  private renamed(frame: Buffer): Buffer {
    const name = Buffer.alloc(2 + this.host.length + 4);
    name.writeInt16BE(this.host.length);
    name.write(this.host, 2);
    name.writeInt32BE(this.port, 2 + this.host.length);
    const at = frame.indexOf(name);
    if (at < 0) return frame;
    const copy = Buffer.from(frame);
    copy.writeInt32BE(this.ownPort, at + 2 + this.host.length);
    return copy;
  }
}

/** Calls back with each whole frame, its size included. */
function frames(socket: Socket, onFrame: (frame: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const size = 4 + rest.readInt32BE(0);
      const frame = rest.subarray(0, size);
      rest = rest.subarray(size);
      onFrame(frame);
    }
  });
}
