/** What the record keeps of a pipeline: enough to compile the same elsewhere, and no secrets. */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { planFingerprint, type DeployedSource } from '@rta/runtime';
import { describe, expect, it } from 'vitest';
import { deployedSource } from '../../src/deploy/source.js';
import { compileDeployed } from '../../src/project/compile-deployed.js';
import { loadPipelines } from '../../src/project/load.js';
import { ROOT, spawnRta } from '../support/cli.js';
import { testProject, TOTALS } from '../support/test-project.js';

/** Of the project's only pipeline; it compiles to the same plan. */
async function recorded(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}): Promise<DeployedSource> {
  const context = { cwd: testProject(files).directory, env };
  const { pipelines, diagnostics } = await loadPipelines(context, []);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const [loaded] = pipelines;
  const source = deployedSource(context, loaded);
  // As it comes back from the record.
  const again = compileDeployed({ cwd: context.cwd }, 'totals', JSON.parse(JSON.stringify(source)) as DeployedSource);
  expect(planFingerprint(again, source.modules)).toBe(planFingerprint(loaded.plan!, source.modules));
  return source;
}

describe('the source of a version', () => {
  it('has the pipeline, its schemas and those that they use, rta.yaml and what that includes; not how brokers are reached', async () => {
    const source = await recorded(
      {
        'pipelines/totals.yaml': TOTALS.replace('topic: in', 'topic: "${TOPIC}"'),
        'rta.yaml': `kafka:\n  brokers: localhost:9092\n  sasl: { mechanism: plain, username: u, password: "\${KAFKA_PASSWORD}" }\ndefaults:\n  lateness: 1s\ninclude: [shared.yaml]\nregistry: { url: "http://localhost:1", token: abc }\n`, // prettier-ignore
        'shared.yaml': 'topics:\n  in: { partitions: 3 }\n',
        'schemas/event.avsc': JSON.stringify({
          ...{ type: 'record', name: 'Event' },
          fields: [
            { name: 'user', type: 'string' },
            { name: 'score', type: 'int' },
            { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
            { name: 'place', type: 'shop.Place' },
          ],
        }),
        'schemas/place.avsc': JSON.stringify({
          type: 'record',
          name: 'Place',
          namespace: 'shop',
          fields: [{ name: 'city', type: 'string' }],
        }),
        'schemas/other.avsc': JSON.stringify({ type: 'record', name: 'Other', fields: [] }),
      },
      { TOPIC: 'in', KAFKA_PASSWORD: 'hunter2', HOME: '/root' },
    );
    expect(Object.keys(source.files).sort()).toEqual([
      'pipelines/totals.yaml',
      'rta.yaml',
      'schemas/event.avsc',
      'schemas/place.avsc',
      'shared.yaml',
    ]);
    expect(source.files['rta.yaml']).toBe('defaults:\n  lateness: 1s\ninclude: [shared.yaml]');
    expect(source.variables).toEqual({ TOPIC: 'in' });
    expect(source.path).toBe('pipelines/totals.yaml');
  });

  it('has no variables of those who are told and of how stores are reached', async () => {
    const source = await recorded(
      {
        'pipelines/totals.yaml': TOTALS.replace(
          /^sink: .*$/m,
          `sinks:
  out: { topic: "out-\${STAGE}" }
  there: { webhook: { url: "https://\${STAGE}.example.com/rows", headers: { authorization: "Bearer \${TOKEN}" } } }
  lake: { clickhouse: { table: totals, url: "http://localhost:8123", user: "\${USER_NAME}", password: "\${PASSWORD}" } }`,
        ),
        'rta.yaml': `notify:\n  chat: { slack: { url: "\${SLACK_URL}" } }\nhttp: { writeToken: "\${WRITE}" }\ndefaults: { lateness: "\${LATENESS}" }\n`,
      },
      {
        STAGE: 'eu',
        TOKEN: 'hunter2',
        USER_NAME: 'u',
        PASSWORD: 'hunter3',
        SLACK_URL: 'https://hunter4',
        WRITE: 'hunter5',
        LATENESS: '1s',
      },
    );
    expect(source.variables).toEqual({ LATENESS: '1s', STAGE: 'eu' });
    expect(JSON.stringify(source)).not.toContain('hunter');
  });

  it('has modules of functions by their SHA-256', async () => {
    const used = await recorded({
      'pipelines/totals.yaml': TOTALS.replace('steps:', 'steps:\n  - use: { function: ./f.mjs#rate, adds: { rating: double } }'),
      'pipelines/f.mjs': 'export const rate = ({ score }) => ({ rating: score / 2 });\n',
    });
    expect(Object.keys(used.modules)).toEqual(['pipelines/f.mjs']);
  });

  it('has what a program has built as data', async () => {
    const { directory } = testProject({
      'totals.pipeline.js': `import { pipeline, stream } from '@rta/cli';
export default pipeline('totals', {
  source: { topic: 'in', schema: 'event', time: 'at' },
  steps: stream().filter('user != "nobody" and score > 1').groupBy('user').aggregate({ total: 'sum(score)' }),
  sink: { topic: 'out' },
});
`,
      'package.json': '{ "type": "module" }',
    });
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    // It plans only what it can compile again from what it would record.
    const { code, stderr } = await spawnRta(['plan', 'totals.pipeline.js'], { cwd: directory }).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
