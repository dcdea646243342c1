import { renderAll, toJson, type PipelineTest, type Plan } from '@rta/dsl';
import type { Action } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { colours } from '../output/colour.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { loadPipelines } from '../project/load.js';
import { jsonReport } from '../test-command/json-report.js';
import { runTests } from '../test-command/run-tests.js';
import { textReport } from '../test-command/text-report.js';

interface TestOptions {
  readonly filter?: string;
  readonly json?: boolean;
}

export const addTest: AddCommand = (program, act) => {
  program
    .command('test')
    .description('Runs the tests that are written in pipelines, on the engine itself; touches no broker')
    .argument('[paths...]', 'pipeline files, or directories of them (default: pipelines/)')
    .option('--filter <text>', 'only tests whose pipeline or name contains this')
    .option('--json', 'NDJSON: one line per test, then a summary')
    .action(act(test));
};

const test: Action<TestOptions> = async (context, paths, options) => {
  const { pipelines, diagnostics } = await loadPipelines(context, paths);
  const out = options.json === true ? new NdjsonWriter(context.stdout, 'test') : null;
  if (out !== null) for (const diagnostic of diagnostics) out.write({ diagnostic: toJson(diagnostic) });
  else if (diagnostics.length > 0) context.stderr.write(`${renderAll(diagnostics, { colour: colours(context.stderr, context.env) })}\n\n`);
  const compiled = pipelines.every((pipeline) => pipeline.plan !== null) && diagnostics.every(({ severity }) => severity !== 'error');
  const plans = pipelines.flatMap(({ plan }) => (plan === null ? [] : [plan]));
  const filter = options.filter?.toLowerCase() ?? '';
  const wanted = (plan: Plan, { name }: PipelineTest): boolean => `${plan.pipeline} ${name}`.toLowerCase().includes(filter);
  const { passed, failed } = await runTests(plans, wanted, out === null ? textReport(context) : jsonReport(out), context.signal);
  if (context.signal.aborted) return EXIT_CODES.interrupted.code;
  // A misspelt filter must not look like success.
  if (compiled && passed + failed === 0)
    throw new Failure(
      'no_tests',
      options.filter === undefined ? 'there is no test in these pipelines' : `no test has ${JSON.stringify(options.filter)} in its name`,
      options.filter === undefined ? 'write some under `tests:`' : undefined,
    );
  return compiled && failed === 0 ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
};
