import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** A directory for the log of one test, gone after it. */
export function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'rta-log-'));
  dirs.push(dir);
  return dir;
}
