/** Pipelines over events of a few fields of different types. */
import type { AvroSchema } from '@rta/dsl';

export const EVENT: AvroSchema = {
  type: 'record',
  name: 'Event',
  fields: [
    { name: 'user', type: 'string' },
    { name: 'team', type: 'string', default: 'none' },
    { name: 'score', type: 'long' },
    { name: 'factor', type: ['null', 'double'], default: null },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    {
      name: 'meta',
      type: { type: 'record', name: 'Meta', fields: [{ name: 'level', type: { type: 'enum', name: 'Level', symbols: ['low', 'high'] } }] },
    },
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 } },
  ],
};

/** @param source what the source says besides topic and schema */
export const pipeline = (body: string, source = ', time: at, key: user'): string =>
  `pipeline: p\nsource: { topic: in, schema: example${source} }\n${body.trim()}\n`;
