import { connect } from 'node:net';

/*
 * The two requests that tell whether a broker is ready, by hand: the tools depend on no client.
 *
 *     request              = size:int32 api_key:int16 api_version:int16 correlation:int32 client_id:string body
 *     string               = length:int16 bytes
 *     Metadata v1          = body topics:[string]               key 3
 *              answer      = size:int32 correlation:int32 brokers:[…] …, where [ is count:int32
 *     FindCoordinator v1   = body key:string key_type:int8      key 10; type 0 group, 1 transaction
 *              answer      = size:int32 correlation:int32 throttle:int32 error:int16 …
 */

/**
 * Whether a broker on 127.0.0.1 can be worked with: it lists itself as a live member of the cluster, and has coordinators for groups and
 * transactions (asking for them makes it create their topics). A port that accepts connections is not enough: the first clients would
 * meet "no brokers" and "coordinator not available".
 */
export async function kafkaAnswers(port: number): Promise<boolean> {
  const metadata = await ask(port, 3, Buffer.from([0, 0, 0, 0]), 12);
  if (metadata === undefined || metadata.readInt32BE(8) === 0) return false;
  for (const type of [0, 1]) {
    const coordinator = await ask(port, 10, Buffer.concat([text('rta-probe'), Buffer.from([type])]), 14);
    if (coordinator?.readInt16BE(12) !== 0) return false;
  }
  return true;
}

/** Whether something on 127.0.0.1 takes connections on that port. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => finish(false));
    socket.on('error', () => finish(false));
    socket.on('connect', () => finish(true));
  });
}

/** Sends one request (version 1); the answer's first `length` bytes or more, or undefined if there is no answer in 2 s. */
function ask(port: number, apiKey: number, body: Buffer, length: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let received = Buffer.alloc(0);
    const finish = (answer?: Buffer): void => {
      socket.destroy();
      resolve(answer);
    };
    const fail = (): void => {
      finish();
    };
    socket.setTimeout(2_000, fail);
    socket.on('error', fail);
    socket.on('close', fail);
    socket.on('connect', () => {
      socket.write(request(apiKey, body));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= length) finish(received);
    });
  });
}

function request(apiKey: number, body: Buffer): Buffer {
  const head = Buffer.alloc(12);
  const clientId = text('rta-probe');
  head.writeInt32BE(8 + clientId.length + body.length, 0);
  head.writeInt16BE(apiKey, 4);
  head.writeInt16BE(1, 6);
  head.writeInt32BE(1, 8);
  return Buffer.concat([head, clientId, body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}
