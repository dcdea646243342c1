/**
 * How other processes talk to the owner of an embedded log, over a socket on the same machine.
 *
 * ```
 * frame   := length:uint32 id:uint32 headLength:uint32 head:json body       length counts what follows it
 * head    := request | answer | failure
 * request := {"op": "hello" | "cede" | "topics" | "ensureTopics" | …, "args": […]}   body: the batches of an append, one after another
 * answer  := {"result": …}                                                  body: the batches of a read
 * failure := {"error": {"code", "message", "retriable"}}
 * ```
 * An answer has its request's id; one connection's requests are answered in order.
 */
import { LogError, type LogErrorCode } from '../log.js';

export const PROTOCOL = 1;
const MAX_FRAME_BYTES = 256 * 1024 * 1024;
const PREFIX_BYTES = 12;

export interface Frame {
  readonly id: number;
  readonly head: unknown;
  readonly body: Uint8Array;
}

export interface WireError {
  readonly code: LogErrorCode;
  readonly message: string;
  readonly retriable: boolean;
}

/** The pieces of one frame, to be written in order. */
export function encodeFrame(id: number, head: unknown, body: readonly Uint8Array[]): Uint8Array[] {
  const json = Buffer.from(JSON.stringify(head), 'utf8');
  const prefix = Buffer.alloc(PREFIX_BYTES);
  const bodyBytes = body.reduce((sum, part) => sum + part.length, 0);
  prefix.writeUInt32BE(PREFIX_BYTES - 4 + json.length + bodyBytes, 0);
  prefix.writeUInt32BE(id, 4);
  prefix.writeUInt32BE(json.length, 8);
  return [prefix, json, ...body];
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  private parts: Buffer[] = [];
  private bytes = 0;
  private needed = 4;

  /** The frames that end in `data`. Throws LogError `unsupported` on what is no frame of ours. */
  push(data: Buffer): Frame[] {
    this.parts.push(data);
    this.bytes += data.length;
    const frames: Frame[] = [];
    while (this.bytes >= this.needed) {
      const all = this.parts.length === 1 ? this.parts[0] : Buffer.concat(this.parts);
      this.parts = [all];
      const length = all.readUInt32BE(0);
      if (length > MAX_FRAME_BYTES || length < PREFIX_BYTES - 4) throw foreign();
      this.needed = 4 + length;
      if (all.length < this.needed) break;
      frames.push(decodeFrame(all.subarray(0, this.needed)));
      this.parts = [all.subarray(this.needed)];
      this.bytes -= this.needed;
      this.needed = 4;
    }
    return frames;
  }
}

function decodeFrame(frame: Buffer): Frame {
  const headEnd = PREFIX_BYTES + frame.readUInt32BE(8);
  if (headEnd > frame.length) throw foreign();
  try {
    // Own memory: batches outlive the buffer of the socket.
    return {
      id: frame.readUInt32BE(4),
      head: JSON.parse(frame.toString('utf8', PREFIX_BYTES, headEnd)),
      body: Uint8Array.from(frame.subarray(headEnd)),
    };
  } catch {
    throw foreign();
  }
}

function foreign(): LogError {
  return new LogError('unsupported', 'the other end of the socket does not speak the protocol of this version of rta', false);
}
