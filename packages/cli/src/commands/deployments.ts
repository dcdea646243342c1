/** Commands that change what is deployed, or tell how it came about. */
import { InvalidArgumentError, type Command } from 'commander';
import {
  changedBy,
  currentOf,
  deployed,
  DeploymentError,
  Deployments,
  paused,
  pipelineOf,
  promoted,
  rebuildDropped,
  resumed,
  stateOf,
  versionOf,
  type ChangedBy,
  type DeploymentEntries,
  type PipelineDeployments,
} from '@rta/runtime';
import type { BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { whoChanges } from '../fleet/who.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { tableLines } from '../output/table.js';
import type { AddCommand } from '../program.js';
import { loadProjectFile } from '../project/load.js';
import { openExistingBackend } from '../topics/open-existing.js';

interface ChangeOptions extends BackendOptions {
  readonly json?: boolean;
}

interface RollbackOptions extends ChangeOptions {
  readonly to?: number;
  readonly manual?: boolean;
}

/** Options of every command that reaches the record. */
export function recordOptions(command: Command): Command {
  return command
    .option('--brokers <list>', 'Kafka, as host:port,host:port (default: KAFKA_BROKERS, rta.yaml, else the embedded log)')
    .option('--registry <url>', 'schema registry (default: SCHEMA_REGISTRY_URL, rta.yaml)')
    .option('--dir <directory>', 'of the embedded log (default: .rta)')
    .option('--json', 'NDJSON');
}

export const addPause: AddCommand = (program, act) => {
  recordOptions(program.command('pause').description('Stops a deployed pipeline after its next commit, until rta resume'))
    .argument('<pipeline>')
    .addHelpText('after', '\nNothing is lost: it goes on where it stopped. A rebuild goes on beside it, and takes over when it is resumed.')
    .action(act(changing(paused)));
};

export const addResume: AddCommand = (program, act) => {
  recordOptions(program.command('resume').description('Lets a paused pipeline go on'))
    .argument('<pipeline>')
    .action(act(changing(resumed)));
};

export const addPromote: AddCommand = (program, act) => {
  recordOptions(program.command('promote').description('Lets a rebuilt version take over that was deployed with --manual'))
    .argument('<pipeline>')
    .addHelpText('after', '\nWhere it has not caught up, it takes over when it has: the version before reads no more from now on.')
    .action(
      act(
        changing((before, who) => {
          const { rebuild, pipeline } = before;
          if (rebuild !== null && rebuild.phase !== 'rebuilding')
            throw new DeploymentError('promoting', `version ${String(rebuild.version)} of ${pipeline} is just taking over`);
          return promoted(before, who);
        }),
      ),
    );
};

export const addRollback: AddCommand = (program, act) => {
  recordOptions(program.command('rollback').description('Deploys an earlier version of a pipeline again'))
    .argument('<pipeline>')
    .option('--to <version>', 'which one (default: the one before; a version that is being rebuilt is given up)', versionNumber)
    .option('--manual', 'where it has to be rebuilt, it waits for rta promote')
    .addHelpText(
      'after',
      `
It becomes a new version with the earlier source. Where its state has the same layout it goes on from the current one's; else it is rebuilt
beside it, and takes over when it has caught up. Sink schemas are those of then: rta plan says whether the registry takes them.`,
    )
    .action(act(rollback));
};

export const addHistory: AddCommand = (program, act) => {
  recordOptions(program.command('history').description('The versions of a deployed pipeline: when, by whom, what changed'))
    .argument('<pipeline>')
    .action(act(history));
};

function changing(change: (before: PipelineDeployments, who: ChangedBy) => DeploymentEntries): Action<ChangeOptions> {
  return (context, [name], options) =>
    withRecord(context, options, async (deployments) => {
      const after = await deployments.change((now) => change(pipelineOf(now, name), changedBy(whoChanges(), Date.now())));
      say(context, options, pipelineOf(after, name));
    });
}

const rollback: Action<RollbackOptions> = (context, [name], options) =>
  withRecord(context, options, async (deployments) => {
    const after = await deployments.change((now) => {
      const before = pipelineOf(now, name);
      const who = changedBy(whoChanges(), Date.now());
      if (before.rebuild !== null && options.to === undefined) return rebuildDropped(before, who);
      const target = versionOf(before, options.to ?? versionBefore(before));
      const { version: _version, applicationId: _id, deployedAt: _at, deployedBy: _by, ...again } = target;
      const state = sameLayouts(target.layouts, currentOf(before).layouts) ? 'keep' : 'rebuild';
      const summary = `rollback to version ${String(target.version)}`;
      return deployed(before, { ...again, summary, rollbackTo: target.version, state, manual: options.manual === true }, who);
    });
    say(context, options, pipelineOf(after, name));
  });

/** What ran before the current version, not what was given up: where that was itself a rollback, what ran before the one that it went back to. */
function versionBefore(pipeline: PipelineDeployments): number {
  const current = currentOf(pipeline);
  const from = current.rollbackTo ?? current.version;
  const ran = pipeline.versions.filter(({ version, rollbackTo }) => rollbackTo === null && stateOf(pipeline, version) !== 'given up');
  const before = ran.filter(({ version }) => version < from).at(-1);
  if (before === undefined) throw new DeploymentError('unknown_version', `${pipeline.pipeline} has no version before ${String(from)}`);
  return before.version;
}

function sameLayouts(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  return Object.keys({ ...one, ...other }).every((name) => one[name] === other[name]);
}

const history: Action<ChangeOptions> = (context, [name], options) =>
  withRecord(context, options, async (deployments) => {
    const pipeline = pipelineOf(await deployments.read(), name);
    const out = options.json === true ? new NdjsonWriter(context.stdout, 'history') : null;
    const versions = [...pipeline.versions].reverse();
    if (out === null)
      context.stdout.write(
        `${tableLines(
          [{ title: 'VERSION', align: 'right' }, { title: 'STATE' }, { title: 'DEPLOYED' }, { title: 'BY' }, { title: 'WHAT' }],
          versions.map(({ version, deployedAt, deployedBy, summary }) => [
            String(version),
            stateOf(pipeline, version),
            new Date(deployedAt).toISOString(),
            deployedBy,
            summary,
          ]),
        ).join('\n')}\n`,
      );
    else for (const { source: _source, ...version } of versions) out.write({ ...version, state: stateOf(pipeline, version.version) });
  });

/** Rejects with Failure where DeploymentError says what is to be done. */
export async function withRecord(
  context: CliContext,
  options: BackendOptions,
  work: (deployments: Deployments, log: Awaited<ReturnType<typeof openExistingBackend>>['log']) => Promise<void>,
): Promise<typeof EXIT_CODES.ok.code> {
  const backend = await openExistingBackend(context, options, loadProjectFile(context));
  try {
    await work(new Deployments(backend.log), backend.log);
    return EXIT_CODES.ok.code;
  } catch (error) {
    if (error instanceof DeploymentError) throw new Failure(error.code, error.message, error.help, { cause: error });
    throw error;
  } finally {
    await backend.close();
  }
}

function say({ stdout }: CliContext, options: ChangeOptions, pipeline: PipelineDeployments): void {
  const { pipeline: name, state, current, rebuild, revision } = pipeline;
  if (options.json === true) {
    new NdjsonWriter(stdout, 'deployment').write({ pipeline: name, revision, state, version: current, rebuild });
    return;
  }
  const next = rebuild === null ? '' : `; version ${String(rebuild.version)}: ${stateOf(pipeline, rebuild.version)}`;
  stdout.write(`${name}: version ${String(current)} ${state}${next}\n`);
}

function versionNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be the number of a version.');
  return Number(text);
}
