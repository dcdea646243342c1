import { jsonSchema, projectJsonSchema, schemaText } from '@rta/dsl';
import { aggregates, operators } from '@rta/operators';
import { aggregatesPage } from './generators/aggregates-page.js';
import { consolePage } from './generators/console-page.js';
import { errorsPage } from './generators/errors-page.js';
import { exitCodesPage } from './generators/exit-codes-page.js';
import { functionsPage } from './generators/functions-page.js';
import { grafanaDashboard } from './generators/grafana/dashboard.js';
import { metricsPage } from './generators/metrics-page.js';
import { operatorPage, operatorsPage } from './generators/operator-pages.js';
import { reliabilityPage } from './generators/reliability-page.js';
import { topologyPicture } from './generators/topology-picture.js';

/** A file of this repository that is written by a program. */
export interface Generator {
  /** Its path from the root; named `*.gen.*`, unless only a part of it is generated (see `replaceBetweenMarks`). */
  readonly file: string;
  /** The whole content that the file should have; may read the file's present one. */
  content(): string | Promise<string>;
}

/** Every generated file. To add one, add it here; `pnpm generate` writes it, CI checks that it is current. */
export const generators: readonly Generator[] = [
  { file: 'schemas/pipeline.schema.gen.json', content: () => schemaText(jsonSchema(operators)) },
  { file: 'schemas/project.schema.gen.json', content: () => schemaText(projectJsonSchema()) },
  { file: 'docs/exit-codes.md', content: exitCodesPage },
  { file: 'docs/reliability.md', content: reliabilityPage },
  { file: 'docs/errors.gen.md', content: errorsPage },
  { file: 'docs/operators/index.gen.md', content: () => operatorsPage(operators) },
  ...operators.map((spec) => ({ file: `docs/operators/${spec.verb}.gen.md`, content: () => operatorPage(spec, operators, aggregates) })),
  { file: 'docs/aggregates.gen.md', content: () => aggregatesPage(aggregates) },
  { file: 'docs/functions.gen.md', content: functionsPage },
  { file: 'docs/metrics.gen.md', content: metricsPage },
  { file: 'deploy/grafana/dashboards/pipelines.gen.json', content: grafanaDashboard },
  { file: 'packages/console/assets/console.gen.js', content: () => consolePage('main.tsx') },
  { file: 'packages/console/assets/console.gen.css', content: () => consolePage('console.css') },
  { file: 'docs/topology.gen.svg', content: () => topologyPicture('pipelines/leaderboards/top-players.yaml') },
];
