import type { Value } from '@rta/dsl';
import { AvroCursor } from './avro-cursor.js';
import { textOf } from './strings.js';

const cursor = new AvroCursor();

/** Meta columns that take some reading. */
export const metaOf = {
  /** The headers of a record at `bytes[start, end)`, as texts by name; the last one of a name counts, null values are empty. */
  headers(bytes: Uint8Array, start: number, end: number): Map<string, Value> {
    const c = cursor.at(bytes, start, end);
    const headers = new Map<string, Value>();
    for (let count = Number(c.long()); count > 0; count--) {
      const key = c.length();
      const at = c.skip(key);
      const name = textOf(bytes, at, at + key);
      const length = Number(c.long());
      const value = c.skip(Math.max(0, length));
      headers.set(name, textOf(bytes, value, c.pos));
    }
    return headers;
  },
};
