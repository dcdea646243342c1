import type { Action } from '../context.js';
import { deployProject, type DeployStep } from '../deploy/deploy-project.js';
import { planText } from '../deploy/plan-text.js';
import { writePlanJson } from '../deploy/plan-json.js';
import { addPlanOptions, withPlan, type PlanningOptions } from '../deploy/planning.js';
import { allowancesOf, hasChanges, isRefused, type ProjectPlan } from '../deploy/project-plan.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { whoChanges } from '../fleet/who.js';
import { colours } from '../output/colour.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { reportFailure } from '../output/report-failure.js';
import type { AddCommand } from '../program.js';

interface DeployOptions extends PlanningOptions {
  readonly allowRebuild?: boolean;
  readonly allowDestructive?: boolean;
  readonly dryRun?: boolean;
  readonly manual?: boolean;
  readonly by?: string;
}

export const addDeploy: AddCommand = (program, act) => {
  addPlanOptions(
    program
      .command('deploy')
      .description('Deploys pipelines, all or none: makes topics, registers schemas and records the versions for `rta worker`')
      .argument('[paths...]', 'pipeline files, or directories of them (default: pipelines/)')
      .option('--allow-rebuild', 'where state has to be rebuilt: a new version replays beside the old one, and takes over')
      .option('--allow-destructive', 'where records would be deleted')
      .option('--manual', 'a rebuilt version waits for `rta promote` before it takes over')
      .option('--dry-run', 'as `rta plan`: only says what it would do')
      .option('--by <name>', 'who deploys, for `rta history` (default: user@host)'),
  )
    .addHelpText(
      'after',
      `
Refused, with nothing changed, where something is breaking or not allowed. Where a step fails, what was made before is taken back; a deploy
that was killed is finished by the next one. Of two deploys at once one wins and the other is told. docs/deploys.md has all of it.`,
    )
    .action(act(deploy));
};

const deploy: Action<DeployOptions> = async (context, paths, options) => {
  const json = options.json === true ? new NdjsonWriter(context.stdout, 'deploy') : null;
  return withPlan(context, paths, options, json, async (plan, backend) => {
    const { stdout, env } = context;
    if (json !== null) writePlanJson(json, plan);
    else {
      stdout.write(`rta deploy · ${backend.description}\n\n`);
      stdout.write(planText(plan, { coloured: colours(stdout, env), all: false }));
    }
    requireAllowed(plan, options);
    if (options.dryRun === true || !hasChanges(plan)) return EXIT_CODES.ok.code;
    const onStep = (step: DeployStep): void => {
      if (json === null)
        stdout.write(`${step.step === 'undone' ? '↩' : '✓'} ${step.name}: ${step.step === 'undone' ? '' : `${step.step}, `}${step.what}\n`);
      else json.write({ ...step });
    };
    try {
      const { signal } = context;
      await deployProject(backend, plan, {
        by: options.by ?? whoChanges(),
        at: Date.now(),
        manual: options.manual === true,
        signal,
        onStep,
      });
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'interrupted') throw error;
      reportFailure(error, context, options.json === true);
      return EXIT_CODES.interrupted.code;
    }
    if (json === null) stdout.write(`${closing(plan)}\n`);
    return EXIT_CODES.ok.code;
  });
};

/** @throws Failure `refused`, `needs_rebuild`, `needs_destructive`; nothing is changed then */
function requireAllowed(plan: ProjectPlan, options: DeployOptions): void {
  if (isRefused(plan)) {
    const broken = plan.items
      .filter(({ change }) => change === 'breaking')
      .map(({ kind, name, reasons }) => `${kind} ${name}: ${reasons.join('; ')}`);
    throw new Failure(
      'refused',
      `nothing was changed, since this cannot go:\n  ${broken.join('\n  ')}`,
      'the plan above says what would be safe',
    );
  }
  for (const allowance of allowancesOf(plan)) {
    if (allowance === 'rebuild' ? options.allowRebuild === true : options.allowDestructive === true) continue;
    const items = plan.items.filter(({ needs }) => needs === allowance).map(({ kind, name }) => `${kind} ${name}`);
    throw new Failure(`needs_${allowance}`, `nothing was changed: ${items.join(', ')} ${items.length === 1 ? 'needs' : 'need'} --allow-${allowance}`, `say --allow-${allowance} if that is meant`); // prettier-ignore
  }
}

function closing({ pipelines }: ProjectPlan): string {
  const changed = pipelines.filter(({ verdict }) => verdict.state !== null).map(({ plan }) => plan.pipeline);
  return changed.length === 0 ? 'Deployed.' : `Deployed: ${changed.join(', ')}. Workers (\`rta worker\`) pick it up.`;
}
