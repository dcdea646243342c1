import { connect, type Socket } from 'node:net';
import type { ConnectionPoolOptions } from './kafkajs-internals.js';

type SocketFactory = ConnectionPoolOptions['socketFactory'];

/** Bytes that a socket reads at a time. */
const READ_BYTES = 64 * 1024;
/** As KafkaJS has it. */
const KEEP_ALIVE_MS = 60_000;

/**
 * KafkaJS' sockets wait to fill a packet (Nagle), which costs up to 40 ms where two requests follow each other; these do not. And a plain one
 * reads into the same memory again and again: what its `data` events give is valid during the event only (`replace/connection.ts` copies it).
 */
export function quietSocket(stock: SocketFactory): SocketFactory {
  return (options) => (options.ssl ? stock(options) : plainSocket(options)).setNoDelay(true);
}

function plainSocket({ host, port, onConnect }: Parameters<SocketFactory>[0]): Socket {
  const callback = (length: number, memory: Uint8Array): true => {
    socket.emit('data', Buffer.from(memory.buffer, memory.byteOffset, length));
    return true;
  };
  const socket = connect({ host, port, onread: { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback } }, onConnect);
  return socket.setKeepAlive(true, KEEP_ALIVE_MS);
}
