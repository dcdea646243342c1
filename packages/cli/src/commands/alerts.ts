import { resolve } from 'node:path';
import { parseYaml, type Plan, type Row, type YamlNode } from '@rta/dsl';
import { codecFor, frame, unframe } from '@rta/registry';
import { type Recorded, replayAlerts } from '@rta/runtime';
import { timelineLines } from '../alerts/timeline.js';
import type { BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure, UsageError } from '../failure.js';
import { colours } from '../output/colour.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { loadPipelines } from '../project/load.js';
import { plansOf } from '../run/prepare.js';
import { openExistingBackend } from '../topics/open-existing.js';

interface AlertsTestOptions extends BackendOptions {
  readonly given?: readonly string[];
  readonly close?: boolean;
  readonly json?: boolean;
}

const HELP = `
Without --given the source topics are read as they are now, from their beginnings. Nothing is written to them or to any other topic, and
nobody is told: the pipeline runs in a log of its own, which is then thrown away. Rows in files are as \`given\` of a test has them.`;

export const addAlerts: AddCommand = (program, act) => {
  const alerts = program.command('alerts').description('What the alerts of pipelines find');
  alerts
    .command('test')
    .description('Says which alerts would have fired when, over recorded input; tells nobody')
    .argument('[paths...]', 'pipeline files, or directories of them (default: pipelines/)')
    .option('--given <topic=file...>', 'rows of a source topic, one JSON object a line')
    .option('--close', 'close the windows that are open when the input ends')
    .option('--brokers <list>', 'Kafka, as host:port,host:port (default: KAFKA_BROKERS, rta.yaml, else the embedded log)')
    .option('--registry <url>', 'schema registry (default: SCHEMA_REGISTRY_URL, rta.yaml)')
    .option('--dir <directory>', 'of the embedded log (default: .rta)')
    .option('--json', 'NDJSON: one line per trigger and resolve, then a summary')
    .addHelpText('after', HELP)
    .action(act(test));
};

const test: Action<AlertsTestOptions> = async (context, paths, options) => {
  const out = options.json === true ? new NdjsonWriter(context.stdout, 'alerts') : null;
  const given = options.given?.map(givenOf);
  const loaded = await loadPipelines(context, paths, given === undefined ? undefined : (root) => recordedIn(root, given, context.cwd));
  const plans = plansOf(context, loaded, out).filter(({ alerts = [] }) => alerts.length > 0);
  if (plans.length === 0) throw new Failure('no_alerts', 'there is no alert in these pipelines', 'write some under `alerts:`');
  const backend = given === undefined ? await openExistingBackend(context, options, loaded.project) : null;
  try {
    for (const plan of plans) {
      const recorded: Recorded =
        backend === null
          ? { kind: 'rows', inputs: plan.tests.flatMap((one) => one.given) }
          : { kind: 'topics', log: backend.log, schemas: backend.registry };
      const found = await replayAlerts(plan, recorded, { avro: { codecFor, frame, unframe }, close: options.close === true });
      if (context.signal.aborted) return EXIT_CODES.interrupted.code;
      if (out === null) say(context, plan, found);
      else {
        for (const { since, opened_at, at, key, row, ...transition } of found)
          out.write({
            ...{ pipeline: plan.pipeline, ...transition, key: json(key), row: json(row) },
            ...{ since: iso(since), opened_at: iso(opened_at), at: iso(at) },
          });
        out.write({ pipeline: plan.pipeline, summary: summaryOf(found) });
      }
    }
    return EXIT_CODES.ok.code;
  } finally {
    await backend?.close();
  }
};

function say(context: CliContext, { pipeline }: Plan, found: readonly Row[]): void {
  const { incidents, open } = summaryOf(found);
  const lines = timelineLines(found, colours(context.stdout, context.env));
  const total = `${String(incidents)} incident${incidents === 1 ? '' : 's'}${open > 0 ? `, ${String(open)} still open` : ''}`;
  context.stdout.write(`${[pipeline, ...lines.map((line) => `  ${line}`), `  ${total}; nobody was told`].join('\n')}\n`);
}

function summaryOf(found: readonly Row[]): { readonly incidents: number; readonly open: number } {
  const count = (action: string): number => found.filter((row) => row.action === action).length;
  return { incidents: count('trigger'), open: count('trigger') - count('resolve') };
}

interface Given {
  readonly topic: string;
  readonly file: string;
}

function givenOf(text: string): Given {
  const [, topic, file] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (topic === undefined || file === undefined) throw new UsageError(`--given is topic=file; got ${JSON.stringify(text)}`);
  return { topic, file };
}

/** The pipeline with the recorded rows in the place of its tests: read and typed as these are. */
function recordedIn(root: YamlNode, given: readonly Given[], cwd: string): YamlNode {
  if (root.kind !== 'map') return root;
  const rows = Object.fromEntries(given.map(({ topic, file }) => [topic, resolve(cwd, file)]));
  const text = JSON.stringify({ tests: { recorded: { given: rows, expect: { alerts: [] } } } });
  const tests = parseYaml({ path: '--given', text }).root;
  return { ...root, entries: [...root.entries.filter(({ key }) => key !== 'tests'), ...(tests?.kind === 'map' ? tests.entries : [])] };
}

function json(text: unknown): unknown {
  return JSON.parse(String(text));
}

function iso(ms: unknown): string {
  return new Date(Number(ms)).toISOString();
}
