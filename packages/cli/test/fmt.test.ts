/** `rta fmt` on files, directories and stdin. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ndjson, ROOT, rta, temporaryDirectory } from './support/cli.js';

const MESSY = 'sink: {topic: out}\npipeline: p\nsource: user_score # all\nsteps: [{filter: "score>1"}]\n';
const NEAT = 'pipeline: p\nsource: user_score # all\nsteps: [{ filter: score > 1 }]\nsink: { topic: out }\n';

describe('rta fmt', () => {
  it('formats what a directory holds, and rta.yaml; what does not parse stays as it is', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'messy.yaml'), MESSY);
    writeFileSync(join(cwd, 'broken.yaml'), 'pipeline: b\nsteps:\n  - filter: score >\n');
    writeFileSync(join(cwd, 'rta.yaml'), 'sources: {a: {topic: a}}\n');
    const check = await rta(['fmt', '--check', '.'], { cwd });
    expect(check).toMatchObject({ code: 1, stdout: 'not formatted: messy.yaml\nnot formatted: rta.yaml\n3 files, 2 to be formatted\n' });
    expect(readFileSync(join(cwd, 'messy.yaml'), 'utf8')).toBe(MESSY);
    const first = await rta(['fmt', '.'], { cwd });
    expect(first).toMatchObject({ code: 1, stdout: 'formatted: messy.yaml\nformatted: rta.yaml\n3 files, 2 changed\n' });
    expect(first.stderr).toContain('broken.yaml:3:20: error RTA1006');
    expect(readFileSync(join(cwd, 'messy.yaml'), 'utf8')).toBe(NEAT);
    expect(readFileSync(join(cwd, 'rta.yaml'), 'utf8')).toBe('sources: { a: { topic: a } }\n');
    expect(readFileSync(join(cwd, 'broken.yaml'), 'utf8')).toContain('score >\n');
    const again = await rta(['fmt', 'messy.yaml', 'rta.yaml', '--check'], { cwd });
    expect(again).toEqual({ code: 0, stdout: '2 files, none to be formatted\n', stderr: '' });
  });

  it('reads stdin', async () => {
    const stdin = (text: string) => ({ stdin: [Buffer.from(text)] });
    expect(await rta(['fmt', '-'], stdin(MESSY))).toEqual({ code: 0, stdout: NEAT, stderr: '' });
    expect(await rta(['fmt', '-', '--check'], stdin(MESSY))).toMatchObject({ code: 1 });
    expect(await rta(['fmt', '-', '--check'], stdin(NEAT))).toMatchObject({ code: 0 });
    const broken = await rta(['fmt', '-'], stdin('pipeline: [\n'));
    expect(broken).toMatchObject({ code: 1, stdout: '' });
    expect(broken.stderr).toContain('-:2:1: error RTA2001');
    expect(await rta(['fmt', '-', 'pipelines'], stdin(NEAT))).toMatchObject({ code: 2 });
  });

  it('writes NDJSON', async () => {
    const lines = ndjson((await rta(['fmt', '-', '--json'], { stdin: [Buffer.from(MESSY)] })).stdout);
    expect(lines).toEqual([
      { rta: 1, command: 'fmt' },
      { path: '-', ok: true, changed: true, text: NEAT },
    ]);
    const broken = ndjson((await rta(['fmt', '-', '--json'], { stdin: [Buffer.from('a: b: c')] })).stdout);
    expect(broken.slice(1)).toEqual([
      { diagnostic: expect.objectContaining({ path: '-' }) as unknown },
      { path: '-', ok: false, changed: false },
    ]);
  });

  it('finds the pipelines of this project formatted', async () => {
    const cwd = temporaryDirectory();
    cpSync(join(ROOT, 'pipelines'), join(cwd, 'pipelines'), { recursive: true });
    const { code, stdout } = await rta(['fmt', '--check'], { cwd });
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('none to be formatted') as unknown });
  });
});
