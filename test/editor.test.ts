/** The schema for editors in the language server that they run: completion, hover, and what is underlined. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { operators } from '@rta/operators';
import { afterAll, describe, expect, it } from 'vitest';
import { EditorServer } from './editor-server.js';

const ROOT = join(import.meta.dirname, '..');
const HEAD = '# yaml-language-server: $schema=../schemas/pipeline.schema.gen.json\npipeline: p\nsource: rides\nsteps:\n';

const editor = await EditorServer.start(ROOT);
afterAll(() => {
  editor.stop();
});

describe('in an editor', () => {
  it('a new step offers every verb', async () => {
    await editor.open('pipelines/verbs.yaml', `${HEAD}  - filter: a > 1\n  - \nsink: { topic: out }\n`);
    const offered = await editor.completions('pipelines/verbs.yaml', 5, 4);
    expect(offered).toEqual(expect.arrayContaining(operators.map(({ verb }) => verb)));
  }, 180_000);

  it('a verb has its page on hover', async () => {
    await editor.open('pipelines/hover.yaml', `${HEAD}  - filter: a > 1\nsink: { topic: out }\n`);
    expect(await editor.hover('pipelines/hover.yaml', 4, 6)).toContain('Lets through the rows for which a condition is true.');
  }, 180_000);

  it('a wrong key is underlined', async () => {
    const problems = await editor.open('pipelines/wrong.yaml', `${HEAD}  - fliter: a > 1\nsinkk: { topic: out }\n`);
    expect(problems).toContainEqual({ line: 5, message: 'Property fliter is not allowed.' });
    expect(problems).toContainEqual({ line: 6, message: 'Property sinkk is not allowed.' });
  }, 180_000);

  it('nothing is underlined in the pipelines that are here', async () => {
    const files = readdirSync(join(ROOT, 'pipelines'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
    expect(files.length).toBeGreaterThan(30);
    for (const file of files) {
      const text = readFileSync(join(ROOT, 'pipelines', file), 'utf8');
      expect(text.split('\n', 1)[0], file).toContain('yaml-language-server: $schema=');
      expect(await editor.open(join('pipelines', file), text), file).toEqual([]);
    }
  }, 300_000);
});
