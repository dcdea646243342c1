import { renderAll, toJson, type PipelineTest, type Plan } from '@rta/dsl';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES, type ExitCode } from '../exit-codes.js';
import { Failure, UsageError } from '../failure.js';
import { colours } from '../output/colour.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { loadPipelines, type LoadedProject } from '../project/load.js';
import { jsonReport } from '../test-command/json-report.js';
import { runTests } from '../test-command/run-tests.js';
import { textReport } from '../test-command/text-report.js';
import { updateTests } from '../test-command/update/update-tests.js';
import { watchTests } from '../test-command/watch.js';

interface TestOptions {
  readonly only?: string;
  readonly json?: boolean;
  readonly update?: boolean;
  readonly force?: boolean;
  readonly watch?: boolean;
}

const HELP = `
A test that fails shows the rows of the topic side by side: - what was expected, + what is there. Exit code 1 where a test fails.
What tests can say is in docs/testing-pipelines.md.`;

export const addTest: AddCommand = (program, act) => {
  program
    .command('test')
    .description('Runs the tests that are written in pipelines, on the engine itself; touches no broker')
    .argument('[paths...]', 'pipeline files, or directories of them (default: pipelines/)')
    .option('--only <pattern>', 'only tests whose pipeline or name contains this; * stands for anything')
    .option('--update', 'write what is there in the place of what failing tests expect (not where CI is set)')
    .option('--force', 'with --update: also where CI is set')
    .option('--watch', 'run again what a saved file changes, until Ctrl-C')
    .option('--json', 'NDJSON: one line per test, then a summary')
    .addHelpText('after', HELP)
    .action(act(test));
};

const test: Action<TestOptions> = async (context, paths, options) => {
  if (options.update === true && options.watch === true) throw new UsageError('--update and --watch do not go together');
  const out = options.json === true ? new NdjsonWriter(context.stdout, 'test') : null;
  const wanted = wantedBy(options.only);
  if (options.watch === true) {
    await watchTests(context, paths, (loaded) => runLoaded(context, loaded, wanted, out));
    return EXIT_CODES.interrupted.code;
  }
  if (options.update === true)
    await updateTests(context, await loadPipelines(context, paths), wanted, { out, force: options.force === true });
  const loaded = await loadPipelines(context, paths);
  const { exitCode, ran } = await runLoaded(context, loaded, wanted, out);
  // A misspelt pattern must not look like success.
  if (exitCode === EXIT_CODES.ok.code && ran === 0)
    throw new Failure(
      'no_tests',
      options.only === undefined ? 'there is no test in these pipelines' : `no test has ${JSON.stringify(options.only)} in its name`,
      options.only === undefined ? 'write some under `tests:`' : undefined,
    );
  return exitCode;
};

type Wanted = (plan: Plan, test: PipelineTest) => boolean;

function wantedBy(pattern = ''): Wanted {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const matches = new RegExp(parts.join('.*'), 'i');
  return (plan, { name }) => matches.test(`${plan.pipeline} ${name}`);
}

/** Says what is wrong with the pipelines, and runs the tests of those that compile. */
async function runLoaded(
  context: CliContext,
  { pipelines, diagnostics }: LoadedProject,
  wanted: Wanted,
  out: NdjsonWriter | null,
): Promise<{ readonly exitCode: ExitCode; readonly ran: number }> {
  if (out !== null) for (const diagnostic of diagnostics) out.write({ diagnostic: toJson(diagnostic) });
  else if (diagnostics.length > 0) context.stderr.write(`${renderAll(diagnostics, { colour: colours(context.stderr, context.env) })}\n\n`);
  const compiled = pipelines.every((pipeline) => pipeline.plan !== null) && diagnostics.every(({ severity }) => severity !== 'error');
  const plans = pipelines.flatMap(({ plan }) => (plan === null ? [] : [plan]));
  const { passed, failed } = await runTests(plans, wanted, out === null ? textReport(context) : jsonReport(out), context.signal);
  const exitCode = context.signal.aborted ? EXIT_CODES.interrupted : compiled && failed === 0 ? EXIT_CODES.ok : EXIT_CODES.failed;
  return { exitCode: exitCode.code, ran: passed + failed };
}
