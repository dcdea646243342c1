import { InvalidArgumentError } from 'commander';
import { LogError, performReset, planReset, ResetError, type ResetPlan } from '@rta/runtime';
import type { Plan } from '@rta/dsl';
import type { BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { timeOf } from '../option-values.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { asDeployed, requireNoRebuild } from '../project/as-deployed.js';
import { namedPlans } from '../project/named-plans.js';
import { resetLines } from '../reset/reset-lines.js';
import { targetOf, type TargetOptions } from '../reset/target.js';
import { openExistingBackend } from '../topics/open-existing.js';

interface ResetOptions extends BackendOptions, TargetOptions {
  readonly keepState?: boolean;
  readonly keepOutput?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export const addReset: AddCommand = (program, act) => {
  program
    .command('reset')
    .description('Lets a pipeline begin again: from the beginning, a time or offsets, with or without its state')
    .argument('<pipeline>', 'name, or file')
    .option('--to-beginning', 'to the first records that are kept (the default)')
    .option('--to-time <time>', 'to the first records of this time or later: 2026-01-31T12:00:00Z', timeOf)
    .option('--to-offsets <offset>', 'topic-partition@offset, or a file with one a line; may be said several times', collect)
    .option('--keep-state', 'moves the offsets only: state, watermarks and output stay')
    .option('--keep-output', 'leaves sink topics as they are: the new run writes behind what is there')
    .option('--dry-run', 'only says what would be changed')
    .option('-y, --yes', 'asks nobody')
    .option('--brokers <list>', 'Kafka, as host:port,host:port (default: KAFKA_BROKERS, rta.yaml, else the embedded log)')
    .option('--registry <url>', 'schema registry (default: SCHEMA_REGISTRY_URL, rta.yaml)')
    .option('--dir <directory>', 'of the embedded log (default: .rta)')
    .option('--json', 'NDJSON: what is changed, then each step')
    .addHelpText(
      'after',
      `
Refused while a worker of the pipeline runs. State is what stands in its changelog and repartition topics; stores of workers are rebuilt.
So that readers of sinks see one history, tables get a tombstone for every row that stands, and other topics are emptied. A reset that is
cut short is finished by running it again; until then the pipeline does not start. Dead letters and late records stay.`,
    )
    .action(act(reset));
};

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  if (value.trim() === '') throw new InvalidArgumentError('It must be topic-partition@offset, or a file of these.');
  return [...(before ?? []), value];
}

const reset: Action<ResetOptions> = async (context, [name], options) => {
  const target = targetOf(context, options);
  const { plans, all, loaded } = await namedPlans(context, [name]);
  if (plans.length !== 1) throw new Failure('several_pipelines', `${name} has ${String(plans.length)} pipelines`, 'name one of them');
  const backend = await openExistingBackend(context, options, loaded.project);
  try {
    const { log } = backend;
    await requireNoRebuild(log, plans[0].pipeline);
    const [plan] = await asDeployed(context, log, plans);
    const keepOutput = options.keepOutput === true;
    const planned = await planReset(log, plan, { target, keepState: options.keepState === true, keepOutput }).catch(asFailure(plan));
    requireOwnOutput(plan, all, planned);
    const out = options.json === true ? new NdjsonWriter(context.stdout, 'reset') : null;
    if (out === null) context.stdout.write(`${resetLines(planned).join('\n')}\n`);
    else out.write({ plan: planJson(planned) });
    warnOfReaders(context, plan, all, planned);
    const members = await log.groupMembers(planned.group);
    if (members.length > 0) throw running(plan.pipeline, members.map(({ id, host }) => (host === '' ? id : `${id} on ${host}`)).join(', ')); // prettier-ignore
    if (options.dryRun === true) return EXIT_CODES.ok.code;
    if (options.yes !== true && !(await isConfirmed(context, plan.pipeline))) throw new Failure('not_confirmed', 'nothing was changed');
    await performReset(log, planned, (step) => out?.write({ step })).catch(asFailure(plan));
    if (out === null) context.stdout.write(`${plan.pipeline} begins again with its next start\n`);
    return EXIT_CODES.ok.code;
  } finally {
    await backend.close();
  }
};

function asFailure({ pipeline }: Plan): (error: unknown) => never {
  return (error) => {
    if (error instanceof LogError && error.code === 'in_use') throw running(pipeline, error.message);
    if (error instanceof ResetError) throw new Failure(error.code, `${pipeline}: ${error.message}`, undefined, { cause: error });
    throw error;
  };
}

function running(pipeline: string, who: string): Failure {
  return new Failure(
    'pipeline_running',
    `${pipeline} runs: ${who}`,
    'stop it first; one that was killed is forgotten after its session (10 s)',
  );
}

/** Others' rows must not be taken away with those of this one. */
function requireOwnOutput({ pipeline }: Plan, all: readonly Plan[], { outputs }: ResetPlan): void {
  for (const { topic } of outputs) {
    const other = all.find((each) => each.pipeline !== pipeline && each.sinks.some((sink) => sink.topic === topic));
    if (other !== undefined)
      throw new Failure(
        'shared_output',
        `${other.pipeline} writes to ${topic} too, and its records would go`,
        '--keep-output leaves the topic as it is',
      );
  }
}

function warnOfReaders({ stderr }: CliContext, { pipeline }: Plan, all: readonly Plan[], { outputs }: ResetPlan): void {
  for (const { topic } of outputs)
    for (const other of all)
      if (other.pipeline !== pipeline && other.sources.some((source) => source.topic === topic))
        stderr.write(`warning: ${other.pipeline} reads ${topic}, and has counted what was there: it may need a reset too\n`);
}

async function isConfirmed({ stdin, stderr }: CliContext, pipeline: string): Promise<boolean> {
  if ((stdin as { readonly isTTY?: boolean } | undefined)?.isTTY !== true || stdin === undefined)
    throw new Failure(
      'not_confirmed',
      'nobody is there to be asked, so nothing was changed',
      '--yes does it, --dry-run only says what it would do',
    );
  stderr.write(`Reset ${pipeline}? Its name, or Enter to leave it as it is: `);
  for await (const text of stdin) return Buffer.from(text).toString().trim() === pipeline;
  return false;
}

function planJson({ internalSpecs: _specs, committed: _committed, ...plan }: ResetPlan): Readonly<Record<string, unknown>> {
  return plan;
}
