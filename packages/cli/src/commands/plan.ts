import type { Action } from '../context.js';
import { planMarkdown } from '../deploy/plan-markdown.js';
import { planText } from '../deploy/plan-text.js';
import { writePlanJson } from '../deploy/plan-json.js';
import { hasChanges, isRefused, type ProjectPlan } from '../deploy/project-plan.js';
import { addPlanOptions, withPlan, type PlanningOptions } from '../deploy/planning.js';
import { EXIT_CODES } from '../exit-codes.js';
import { UsageError } from '../failure.js';
import { colours } from '../output/colour.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';

interface PlanOptions extends PlanningOptions {
  readonly detailedExitcode?: boolean;
  readonly all?: boolean;
  readonly markdown?: boolean;
}

export const addPlan: AddCommand = (program, act) => {
  addPlanOptions(
    program
      .command('plan')
      .description('Says what a deploy would make, change, rebuild or refuse; changes nothing')
      .argument('[paths...]', 'pipeline files, or directories of them (default: pipelines/)')
      .option('--detailed-exitcode', 'ends with 0 where there is nothing to do, 3 where there are changes, 1 where it would be refused')
      .option('--all', 'also what stays as it is')
      .option('--markdown', 'for a comment on a pull request'),
  ).action(act(plan));
};

const plan: Action<PlanOptions> = async (context, paths, options) => {
  if (options.json === true && options.markdown === true) throw new UsageError('--json or --markdown: one of them');
  const json = options.json === true ? new NdjsonWriter(context.stdout, 'plan') : null;
  return withPlan(context, paths, options, json, async (planned, backend) => {
    const { stdout, env } = context;
    if (json !== null) writePlanJson(json, planned);
    else if (options.markdown === true) stdout.write(planMarkdown(planned));
    else {
      stdout.write(`rta plan · ${backend.description}\n\n`);
      stdout.write(planText(planned, { coloured: colours(stdout, env), all: options.all === true }));
    }
    return exitCodeOf(planned, options.detailedExitcode === true);
  });
};

function exitCodeOf(planned: ProjectPlan, detailed: boolean) {
  if (isRefused(planned)) return EXIT_CODES.failed.code;
  return detailed && hasChanges(planned) ? EXIT_CODES.changes.code : EXIT_CODES.ok.code;
}
