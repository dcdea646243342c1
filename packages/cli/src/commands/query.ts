import { plainJson } from '@rta/runtime';
import type { Answer, QueryText } from '@rta/serve';
import type { BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { tableLines } from '../output/table.js';
import type { AddCommand } from '../program.js';
import { asDeployed } from '../project/as-deployed.js';
import { namedPlans } from '../project/named-plans.js';
import { fromServer, tokenOf } from '../run/http-client.js';
import { openExistingBackend } from '../topics/open-existing.js';

interface QueryOptions extends BackendOptions {
  readonly prefix?: string;
  readonly from?: string;
  readonly to?: string;
  readonly window?: string;
  readonly limit?: number;
  readonly url?: string;
  readonly json?: boolean;
}

export const addQuery: AddCommand = (program, act) => {
  program
    .command('query')
    .description('Rows of a store or a sink of a pipeline, as they are committed: of a key, a range, windows, a board')
    .argument('<pipeline>', 'name, or file; with --url a name')
    .argument('<name>', 'a sink or its topic, or a store as rta state lists it')
    .argument('[key]', 'of the row; several columns as a,b')
    .option('--prefix <text>', 'keys whose first column begins so')
    .option('--from <value>', 'windows that begin then or later; without windows, keys from there on')
    .option('--to <value>', 'windows that begin before; without windows, keys before that')
    .option('--window <time>', 'windows that this time is in')
    .option('--limit <n>', 'at most so many rows (default: 1000)', wholeNumber(1))
    .option('--url <url>', 'asks the HTTP side of a running rta there, with RTA_HTTP_TOKEN where that is set')
    .option('--brokers <list>', 'Kafka, as host:port,host:port (default: KAFKA_BROKERS, rta.yaml, else the embedded log)')
    .option('--registry <url>', 'schema registry (default: SCHEMA_REGISTRY_URL, rta.yaml)')
    .option('--dir <directory>', 'of the embedded log (default: .rta)')
    .option('--json', 'NDJSON: as of when and whether it is final, then a line per row')
    .addHelpText(
      'after',
      `
Without --url stores are asked of those that run with --http, where Kafka says who they are; else all is read from the log, from any machine,
whether the pipeline runs or not, for what that takes.`,
    )
    .action(act(query));
};

const query: Action<QueryOptions> = async (context, [pipeline, name, key], options) => {
  const { prefix, from, to, window, limit } = options;
  const given = { key, prefix, from, to, window, limit: limit === undefined ? undefined : String(limit) };
  const text = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as QueryText;
  const answer =
    options.url === undefined
      ? await fromLog(context, pipeline, name, text, options)
      : await fromServer<Answer>(context, options.url, pathOf(pipeline, name, text));
  if (options.json === true) {
    const { rows, ...said } = answer;
    const out = new NdjsonWriter(context.stdout, 'query');
    out.write({ ...said });
    for (const row of rows) out.write({ ...row });
  } else context.stdout.write(`${lines(answer).join('\n')}\n`);
  return EXIT_CODES.ok.code;
};

async function fromLog(context: CliContext, pipeline: string, name: string, text: QueryText, options: QueryOptions): Promise<Answer> {
  const { plans, loaded } = await namedPlans(context, [pipeline]);
  if (plans.length !== 1) throw new Failure('several_pipelines', `${pipeline} has ${plans.length} pipelines`, 'name one of them');
  const { answerFromLog, Refused } = await import('@rta/serve');
  const backend = await openExistingBackend(context, options, loaded.project);
  try {
    const [plan] = await asDeployed(context, backend.log, plans);
    return await answerFromLog(plan, name, text, { log: backend.log, registry: backend.registry, token: tokenOf(context) });
  } catch (error) {
    if (error instanceof Refused) throw new Failure(error.code, error.message, undefined, { cause: error });
    throw error;
  } finally {
    await backend.close();
  }
}

function pathOf(pipeline: string, name: string, text: QueryText): string {
  return `/query/${encodeURIComponent(pipeline)}/${encodeURIComponent(name)}?${new URLSearchParams({ ...text }).toString()}`;
}

function lines({ rows, asOf, more, final }: Answer): string[] {
  const names = [...new Set(rows.flatMap(({ row }) => Object.keys(row)))];
  const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null, plainJson));
  const titles = [...names.map((title) => ({ title })), { title: final || rows.every((row) => !row.final) ? '' : 'FINAL' }];
  const cells = rows.map(({ row, final: settled }) => [
    ...names.map((column) => shown(row[column])),
    titles.at(-1)!.title === '' ? '' : settled ? 'yes' : 'no',
  ]);
  const said = `as of ${asOf.time} · watermark ${asOf.watermark ?? 'unknown'} · ${final && rows.length > 0 ? 'final' : 'provisional'}`;
  return [
    ...(rows.length === 0 ? ['no rows'] : tableLines(titles, cells)),
    `${said}${more ? ' · there are more: name a key, a range or --limit' : ''}`,
  ];
}
