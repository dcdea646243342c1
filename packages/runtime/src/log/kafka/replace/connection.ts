/**
 * Replaces `network/connection`, of it what puts answers together. Stock keeps the pieces of an answer, joins them when all are there (twice
 * where another answer follows), and keeps what has come of one when the connection breaks: the first answer of the next connection is then
 * read from its middle. Here each answer has a buffer of its size from the start, into which pieces are copied as they come, so that a
 * socket can use the same memory for each piece (`socket.ts`).
 */
import { answerMemory } from '../answer-memory.js';
import type { Replacement } from './replacement.js';

/** What an answer's buffer is at most before that much of it has come: sizes are what the other side says. */
const LARGEST_AT_ONCE = 16 * 1024 * 1024;
/** Of the size before each answer. */
const SIZE_BYTES = 4;
/** Of the correlation id, with which each answer begins. */
const ID_BYTES = 4;

/** Splits what comes from a broker into answers. */
export class AnswerReader {
  private readonly prefix = Buffer.alloc(SIZE_BYTES);
  private prefixed = 0;
  private answer: Buffer | null = null;
  private filled = 0;

  /**
   * Takes a piece, which may be used again afterwards.
   * @param take of each answer that is whole: its size prefix, valid during the call, and its bytes
   * Throws where a size is none that an answer can have; what follows cannot be read then.
   */
  read(piece: Uint8Array, take: (answer: Buffer, prefix: Buffer) => void): void {
    let at = 0;
    while (at < piece.length) {
      if (this.prefixed < SIZE_BYTES) {
        this.prefix[this.prefixed++] = piece[at++];
        if (this.prefixed < SIZE_BYTES) continue;
        this.filled = 0;
        this.answer = answerMemory.take(Math.min(this.size(), LARGEST_AT_ONCE));
      }
      const size = this.size();
      const answer = this.roomy(size);
      const taken = Math.min(piece.length - at, answer.length - this.filled);
      answer.set(piece.subarray(at, at + taken), this.filled);
      at += taken;
      this.filled += taken;
      if (this.filled < size) continue;
      this.prefixed = 0;
      this.answer = null;
      take(answer, this.prefix);
    }
  }

  private size(): number {
    const size = this.prefix.readInt32BE(0);
    if (size < ID_BYTES) throw new Error(`an answer of ${size} bytes: this is no Kafka broker, or not its port`);
    return size;
  }

  /** The answer's buffer, twice as large where it is full. */
  private roomy(size: number): Buffer {
    const answer = this.answer!;
    if (this.filled < answer.length) return answer;
    this.answer = Buffer.allocUnsafe(Math.min(size, 2 * answer.length));
    this.answer.set(answer);
    return this.answer;
  }
}

interface Connection {
  readonly socket?: { destroy(error: Error): void };
  readonly authHandlers: { onSuccess(raw: Buffer): void } | null;
  readonly authExpectResponse: boolean;
  readonly requestQueue: { fulfillRequest(answer: { size: number; correlationId: number; payload: Buffer }): void };
  isConnected(): boolean;
  connect(): Promise<unknown>;
}

type ConnectionConstructor = new (...parameters: unknown[]) => Connection;

/** Stock's connection, whose answers are read by an `AnswerReader`. */
export function readingConnection(stock: ConnectionConstructor): ConnectionConstructor {
  return class ReadingConnection extends stock {
    private reader = new AnswerReader();

    override connect(): Promise<unknown> {
      if (!this.isConnected()) this.reader = new AnswerReader();
      return super.connect();
    }

    /** What stock calls with each piece. */
    processData(piece: Buffer): void {
      if (this.authHandlers && !this.authExpectResponse) {
        this.authHandlers.onSuccess(Buffer.from(piece));
        return;
      }
      try {
        this.reader.read(piece, (answer, prefix) => {
          // Authentication reads the size as well.
          if (this.authHandlers) this.authHandlers.onSuccess(Buffer.concat([prefix, answer]));
          else
            this.requestQueue.fulfillRequest({
              ...{ size: answer.length, correlationId: answer.readInt32BE(0) },
              payload: answer.subarray(ID_BYTES),
            });
        });
      } catch (error) {
        this.socket?.destroy(error as Error);
      }
    }
  };
}

export const connectionReplacement: Replacement = {
  path: 'src/network/connection.js',
  sha256: '2a993b2e74421ca6d846efd59e4ba74b11100dbe7d40d0f52ea3218e917aafdd',
  create: ({ stock }) => readingConnection(stock() as ConnectionConstructor),
};
