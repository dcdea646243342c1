/** A process of its own that writes batches until it is killed or a write fails: `writer.ts <dir>`. Says each position once it is stored. */
import { writeSync } from 'node:fs';
import { StateStoreError } from '@rta/runtime';
import { openStateStores } from '@rta/state-rocks';
import { changesAt } from './writer-content.js';

const store = await openStateStores(process.argv[2], { writeBufferBytes: 256 << 10 }).open('t', 'f');
try {
  for (let position = (store.position() ?? 0) + 1; ; position++) {
    await store.write(changesAt(position), position);
    writeSync(1, `${position}\n`);
  }
} catch (error) {
  writeSync(1, `failed ${error instanceof StateStoreError ? error.code : String(error)}\n`);
}
