import { codecFor, unframe, type AvroCodec, type SchemaRegistry } from '@rta/registry';
import { records, type Log } from '@rta/runtime';

type Row = Readonly<Record<string, unknown>>;

/** What a compacted Avro topic holds: key and value together of each key that has a value, committed records only. */
export async function* latestRows(log: Log, registry: SchemaRegistry, topic: string): AsyncGenerator<Row, void, undefined> {
  const codecs = new Map<number, AvroCodec>();
  const decode = async (bytes: Uint8Array): Promise<Row> => {
    const framed = unframe(bytes);
    let codec = framed === null ? undefined : codecs.get(framed.id);
    if (framed !== null && codec === undefined) {
      const schema = await registry.byId(framed.id);
      if (schema !== null) codecs.set(framed.id, (codec = codecFor(schema.schema)));
    }
    if (framed === null || codec === undefined) throw new Error(`${topic}: a record is not framed, or of an unknown schema`);
    return codec.decode(framed.data) as Row;
  };
  for (const { partition, low, stable } of await log.offsets(topic)) {
    const latest = new Map<string, Uint8Array>();
    for await (const batch of log.read(topic, partition, low, stable))
      for (const { key, value } of records(batch, low)) {
        if (key === null) throw new Error(`${topic}: a record has no key`);
        const text = Buffer.from(key).toString('latin1');
        if (value === null) latest.delete(text);
        else latest.set(text, value.slice());
      }
    for (const [key, value] of latest) yield { ...(await decode(Buffer.from(key, 'latin1'))), ...(await decode(value)) };
  }
}
