/** `rta topics` and `rta tail` on the embedded log. */
import { join } from 'node:path';
import { embeddedRegistry } from '@rta/registry';
import { openEmbeddedLog, type Log } from '@rta/runtime';
import { afterAll, describe, expect, it } from 'vitest';
import { rta, temporaryDirectory } from './support/cli.js';
import { topicsAndTail } from './support/topics-and-tail.js';

const cwd = temporaryDirectory();
let log: Log | undefined;
afterAll(() => log?.close());

describe('on the embedded log, which this process has open', () => {
  topicsAndTail(async () => {
    log = await openEmbeddedLog(join(cwd, '.rta/log'));
    return { cwd, env: {}, log, registry: embeddedRegistry(join(cwd, '.rta/registry')), topic: 'scores' };
  });
});

describe('without a log', () => {
  it('nothing is made', async () => {
    const empty = temporaryDirectory();
    for (const args of [['topics'], ['tail', 'scores']]) {
      const { code, stderr } = await rta(args, { cwd: empty });
      expect(code).toBe(1);
      expect(stderr).toContain('error no_log: there is no embedded log in');
    }
  });
});
