import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Generator } from './generators.js';

/** The files under `root` whose content was not what its generator makes; they are written, unless this is only a check. */
export async function generateFiles(root: string, generators: readonly Generator[], { check }: { check: boolean }): Promise<string[]> {
  const stale: string[] = [];
  for (const generator of generators) {
    const path = join(root, generator.file);
    const present = await readFile(path, 'utf8').catch(() => undefined);
    const content = await generator.content();
    if (present === content) continue;
    stale.push(generator.file);
    if (check) continue;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return stale;
}

/**
 * `page` with `content` between the marks `<!-- generated: name -->` and `<!-- /generated -->`; throws where they are missing. For
 * pages of which only a part is generated.
 */
export function replaceBetweenMarks(page: string, name: string, content: string): string {
  const start = `<!-- generated: ${name} -->`;
  const end = '<!-- /generated -->';
  const from = page.indexOf(start);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`the marks ${start} … ${end} are missing`);
  return `${page.slice(0, from + start.length)}\n${content.trim()}\n${page.slice(to)}`;
}
