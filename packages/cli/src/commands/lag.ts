import { setTimeout as sleep } from 'node:timers/promises';
import type { Plan } from '@rta/dsl';
import { pipelineLag, planStages, type PipelineLag } from '@rta/runtime';
import type { Backend, BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { lagLines } from '../lag/lag-lines.js';
import { durationOf } from '../option-values.js';
import { colours } from '../output/colour.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { asDeployed } from '../project/as-deployed.js';
import { namedPlans } from '../project/named-plans.js';
import { truncate } from '../run/text-width.js';
import { openExistingBackend } from '../topics/open-existing.js';

interface LagOptions extends BackendOptions {
  readonly watch?: boolean;
  readonly every: number;
  readonly json?: boolean;
}

/** Earlier looks that `--watch` draws. */
const LOOKS = 30;

export const addLag: AddCommand = (program, act) => {
  program
    .command('lag')
    .description('How far pipelines have come in their inputs: offsets, lag and watermarks by stage and partition')
    .argument('[pipelines...]', 'names, or files (default: all of pipelines/)')
    .option('-w, --watch', 'again and again, until Ctrl-C')
    .option('--every <duration>', 'with --watch: how often (default: 2s)', durationOf, 2000)
    .option('--brokers <list>', 'Kafka, as host:port,host:port (default: KAFKA_BROKERS, rta.yaml, else the embedded log)')
    .option('--registry <url>', 'schema registry (default: SCHEMA_REGISTRY_URL, rta.yaml)')
    .option('--dir <directory>', 'of the embedded log (default: .rta)')
    .option('--json', 'NDJSON: one line per pipeline and look, with every input partition')
    .addHelpText(
      'after',
      `
Everything is read from what was committed: the pipelines need not run. BEHIND is the watermark against the clock; "held by" names the
source partition that keeps windows from closing. Lags are offsets: markers of transactions count as records.`,
    )
    .action(act(lag));
};

const lag: Action<LagOptions> = async (context, names, options) => {
  const { plans, loaded } = await namedPlans(context, names);
  const open = (): Promise<Backend> => openExistingBackend(context, options, loaded.project);
  let backend = await open();
  try {
    const show = options.json === true ? jsonReport(context) : textReport(context, options.watch === true);
    for (;;) {
      show(await look(context, backend, plans), Date.now());
      if (options.watch !== true) return EXIT_CODES.ok.code;
      // Whoever waits must not own an embedded log: a pipeline may want to start.
      if (backend.log.kind === 'embedded') await backend.close();
      await sleep(options.every, undefined, { signal: context.signal }).catch(() => undefined);
      if (context.signal.aborted) return EXIT_CODES.interrupted.code;
      if (backend.log.kind === 'embedded') backend = await open();
    }
  } finally {
    await backend.close();
  }
};

async function look(context: CliContext, { log }: Backend, plans: readonly Plan[]): Promise<PipelineLag[]> {
  const lags: PipelineLag[] = [];
  for (const plan of await asDeployed(context, log, plans)) lags.push(await pipelineLag(log, planStages(plan)));
  return lags;
}

type Show = (lags: readonly PipelineLag[], now: number) => void;

function jsonReport({ stdout }: CliContext): Show {
  const out = new NdjsonWriter(stdout, 'lag');
  return (lags, now) => {
    for (const { inputs, ...whole } of lags) out.write({ at: now, ...whole, behindMs: behind(whole.watermark, now), inputs });
  };
}

function behind(watermark: number | null, now: number): number | null {
  return watermark === null ? null : now - watermark;
}

/** On a terminal each look takes the place of the one before; elsewhere it follows it. */
function textReport({ stdout, env }: CliContext, watching: boolean): Show {
  const live = watching && stdout.isTTY === true;
  // Lines that are cut to the terminal's width hold no colours.
  const colour = !live && colours(stdout, env);
  const bold = (text: string): string => (colour ? `\u001B[1m${text}\u001B[0m` : text);
  const earlier = new Map<string, number[]>();
  let drawn = 0;
  return (lags, now) => {
    const lines = lags.flatMap((each, i) => {
      const looks = [...(earlier.get(each.pipeline) ?? []), each.lag].slice(-LOOKS);
      earlier.set(each.pipeline, looks);
      return [...(i > 0 ? [''] : []), ...lagLines(each, now, watching ? looks : [], bold)];
    });
    if (watching && !live) lines.unshift(new Date(now).toISOString());
    if (lines.length === 0) lines.push('no pipelines');
    if (!live) {
      stdout.write(`${lines.join('\n')}\n`);
      return;
    }
    const { columns = 80, rows = 24 } = stdout;
    const shown = lines.slice(0, rows - 1).map((line) => `${truncate(line, columns)}\u001B[K\n`);
    stdout.write(`${drawn > 0 ? `\u001B[${drawn}F` : ''}${shown.join('')}\u001B[J`);
    drawn = shown.length;
  };
}
