import { renderAll, toJson } from '@rta/dsl';
import { checkFunctions } from '@rta/runtime';
import type { Action } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { colours } from '../output/colour.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { loadPipelines } from '../project/load.js';

interface CheckOptions {
  readonly json?: boolean;
}

export const addCheck: AddCommand = (program, act) => {
  program
    .command('check')
    .description('Type-checks pipelines against their schemas; touches no broker')
    .argument('[paths...]', 'pipeline files, or directories of them (default: pipelines/)')
    .option('--json', 'NDJSON: one line per diagnostic, then one per pipeline')
    .action(act(check));
};

const check: Action<CheckOptions> = async (context, paths, options) => {
  const { pipelines, diagnostics: compiled } = await loadPipelines(context, paths);
  const functions = await Promise.all(pipelines.map(({ plan }) => (plan === null ? Promise.resolve([]) : checkFunctions(plan))));
  const diagnostics = [...compiled, ...functions.flat()];
  const isFine = pipelines.map(({ plan }, i) => plan !== null && functions[i].length === 0);
  const ok = isFine.every(Boolean) && diagnostics.every((diagnostic) => diagnostic.severity !== 'error');
  if (options.json === true) {
    const out = new NdjsonWriter(context.stdout, 'check');
    for (const diagnostic of diagnostics) out.write({ diagnostic: toJson(diagnostic) });
    for (const [i, { path, plan }] of pipelines.entries()) out.write({ pipeline: plan?.pipeline ?? null, path, ok: isFine[i] });
  } else {
    if (diagnostics.length > 0) context.stderr.write(`${renderAll(diagnostics, { colour: colours(context.stderr, context.env) })}\n\n`);
    for (const [i, { path, plan }] of pipelines.entries())
      context.stdout.write(plan === null || !isFine[i] ? `✗ ${path}\n` : `✓ ${path} (${plan.pipeline})\n`);
  }
  return ok ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
};
