import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStateStores } from '@rta/state-rocks';
import { afterAll } from 'vitest';
import { memoryStateStores } from '../../src/state/memory-store.js';
import { stateStoreContract } from './contract.js';

const root = mkdtempSync(join(tmpdir(), 'rta-state-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

stateStoreContract('memory', async () => memoryStateStores());
stateStoreContract('LevelDB', async () => openStateStores(mkdtempSync(join(root, 's-')), { lockWaitMs: 200 }));
