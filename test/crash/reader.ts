/** Reads topics as anyone would: Kafka's own consumer, read_committed, and avsc with the schemas that the registry has. */
import { javaProgram, KAFKA_ARTIFACTS, type ProgramSource } from '@rta/tools';
import avsc from 'avsc';
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const READER: ProgramSource = {
  name: 'Kafka',
  artifacts: KAFKA_ARTIFACTS,
  directory: import.meta.dirname,
  files: ['ReadCommitted.java'],
  options: ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
};

export interface Read {
  readonly key: unknown;
  /** Null: a tombstone. */
  readonly value: Readonly<Record<string, unknown>> | null;
}

/** All committed records of the topics, by topic; each partition's in order. Rejects when they could not be read to their last stable offset. */
export async function readTopics(
  brokers: string,
  topics: readonly string[],
  decode: (bytes: Buffer) => Promise<unknown>,
): Promise<ReadonlyMap<string, readonly Read[]>> {
  const { java, classPath, main, options } = await javaProgram(READER);
  const child = spawn(java, [...options, '-cp', classPath, main, brokers, ...topics], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  ended.catch(() => undefined);
  const decoded = async (text: string): Promise<unknown> => (text === '-' ? null : decode(Buffer.from(text, 'base64')));
  const read = new Map<string, Read[]>(topics.map((topic) => [topic, []]));
  for await (const line of createInterface({ input: child.stdout })) {
    const [topic, , key, value] = line.split('\t');
    read.get(topic)!.push({ key: await decoded(key), value: (await decoded(value)) as Read['value'] });
  }
  if ((await ended) !== 0) throw new Error(`the topics were not read to their end:\n${errors}`);
  return read;
}

/**
 * Of values and keys: JSON objects, plain texts, and Avro in Confluent's frame by the schemas that the registry has under their ids.
 */
export function decoder(registryUrl: string): (bytes: Buffer) => Promise<unknown> {
  const types = new Map<number, avsc.Type>();
  return async (bytes) => {
    if (bytes[0] !== 0) {
      const text = bytes.toString();
      return text.startsWith('{') ? (JSON.parse(text) as unknown) : text;
    }
    const id = bytes.readInt32BE(1);
    let type = types.get(id);
    if (type === undefined) {
      const response = await fetch(`${registryUrl}/schemas/ids/${id}`);
      const { schema } = (await response.json()) as { readonly schema: string };
      type = avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema);
      types.set(id, type);
    }
    return type.fromBuffer(bytes.subarray(5)) as unknown;
  };
}
