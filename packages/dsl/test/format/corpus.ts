/** The YAML of the repository: pipelines, examples of the pages, accepted pipelines. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../../..');

export interface CorpusFile {
  readonly path: string;
  readonly text: string;
}

function below(folder: string, ending: string): CorpusFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => ({ path: join(folder, name), text: readFileSync(join(ROOT, folder, name), 'utf8') }));
}

/** All that stands in `pipelines/`. */
export const PIPELINES: readonly CorpusFile[] = below('pipelines', '.yaml');

const pages = [...below('docs', '.md'), { path: 'README.md', text: readFileSync(join(ROOT, 'README.md'), 'utf8') }];
const examples = pages.flatMap(({ path, text }) =>
  [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, example], i) => ({ path: `${path} example ${i + 1}`, text: example })),
);

export const CORPUS: readonly CorpusFile[] = [...PIPELINES, ...below('packages/dsl/test/accepts', '.yaml'), ...examples];
