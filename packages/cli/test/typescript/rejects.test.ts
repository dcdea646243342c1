/**
 * Each module of `rejects/` is broken; what `rta check` says of it stands beside it as `.txt`. Run as a process of its own: the places in the
 * messages come from stacks, which a test runner changes. UPDATE=1 writes what is said now.
 */
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, spawnRta, temporaryDirectory } from '../support/cli.js';

const REJECTS = join(import.meta.dirname, 'rejects');

/** A project with `rta.yaml`, schemas and the modules, in which `@rta/cli` is installed. */
function project(modules: Readonly<Record<string, string>>): string {
  const path = temporaryDirectory();
  cpSync(join(ROOT, 'pipelines/rta.yaml'), join(path, 'rta.yaml'));
  cpSync(join(ROOT, 'schemas'), join(path, 'schemas'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(path, 'node_modules'));
  writeFileSync(join(path, 'package.json'), '{ "type": "module" }');
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(path, name), text);
  return path;
}

async function messagesOf(name: string, text: string): Promise<string> {
  const { code, stderr } = await spawnRta(['check', name], { cwd: project({ [name]: text }) }).ended;
  expect(code).toBe(1);
  return stderr;
}

describe('rejected modules', () => {
  it.each(readdirSync(REJECTS).filter((name) => name.endsWith('.ts')))('%s', async (name) => {
    const expected = join(REJECTS, name.replace('.ts', '.txt'));
    const said = await messagesOf(name, readFileSync(join(REJECTS, name), 'utf8'));
    if (process.env.UPDATE === '1') writeFileSync(expected, said);
    else expect(said).toBe(readFileSync(expected, 'utf8'));
  });

  it('with a mistake in their syntax are shown where it is', async () => {
    const said = await messagesOf('syntax.ts', 'export default pipeline("x", {\n  steps: = 3,\n});\n');
    expect(said).toContain('syntax.ts:2:10: error RTA2501: this module cannot be loaded: Unexpected "="');
  });

  it('that find no @rta/cli say how to install it', async () => {
    const path = temporaryDirectory();
    writeFileSync(join(path, 'alone.mts'), "import { pipeline } from '@rta/cli';\nexport default pipeline('x', {});\n");
    const { code, stderr } = await spawnRta(['check', 'alone.mts'], { cwd: path }).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('help: install it beside: `npm install --save-dev @rta/cli`');
  });
});
