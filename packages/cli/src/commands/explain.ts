import { Option } from 'commander';
import { plainAst, printTypeScript, renderAll, showPlan, type Plan } from '@rta/dsl';
import { explainJson, explainKernels, explainLogicalMermaid, explainMermaid, explainText, planStages } from '@rta/runtime';
import { stringify } from 'yaml';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { UsageError } from '../failure.js';
import { colours } from '../output/colour.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { loadPipelines, type LoadedPipeline } from '../project/load.js';

interface ExplainOptions {
  readonly stage: StageName;
  readonly format: 'text' | 'mermaid' | 'json';
  readonly json?: boolean;
}

const STAGES = ['ast', 'typescript', 'logical', 'physical', 'kernel'] as const;
type StageName = (typeof STAGES)[number];

export const addExplain: AddCommand = (program, act) => {
  program
    .command('explain')
    .description('Shows what a pipeline compiles to; touches no broker')
    .argument('[paths...]', 'pipeline files, or directories of them (default: pipelines/)')
    .addOption(new Option('--stage <stage>', 'stage of compilation').choices(STAGES).default('physical'))
    .addOption(new Option('--format <format>', 'how it is written').choices(['text', 'mermaid', 'json']).default('text'))
    .option('--json', 'NDJSON: one line per pipeline')
    .addHelpText(
      'after',
      `
Stages:
  ast         the file as read: settings resolved, names and expressions not yet
  typescript  the same pipeline as a TypeScript module
  logical     sources, steps and sinks with their types, every conversion shown
  physical    what runs: stages, repartitioning, state, topics
  kernel      the JavaScript generated for each stage`,
    )
    .action(act(explain));
};

const explain: Action<ExplainOptions> = async (context, paths, options) => {
  const { stage, format } = options;
  if (format === 'mermaid' && stage !== 'logical' && stage !== 'physical')
    throw new UsageError(`--format mermaid draws plans: --stage logical or physical, not ${stage}`);
  const { pipelines, diagnostics } = await loadPipelines(context, paths);
  const ok = pipelines.every(({ plan }) => plan !== null) && diagnostics.every(({ severity }) => severity !== 'error');
  if (diagnostics.length > 0) context.stderr.write(`${renderAll(diagnostics, { colour: colours(context.stderr, context.env) })}\n\n`);
  // What was read is there even of a pipeline with errors.
  const shown = pipelines.filter(
    ({ plan, root }) => plan !== null || (root?.kind === 'map' && (stage === 'ast' || stage === 'typescript')),
  );
  if (options.json === true) {
    const out = new NdjsonWriter(context.stdout, 'explain');
    for (const pipeline of shown) out.write({ ...named(pipeline), stage, explained: asData(context, pipeline, stage) });
  } else if (format === 'json') {
    const data = shown.map((pipeline) => ({ ...named(pipeline), stage, explained: asData(context, pipeline, stage) }));
    context.stdout.write(`${JSON.stringify(data.length === 1 ? data[0] : data, null, 2)}\n`);
  } else context.stdout.write(shown.map((pipeline) => asText(context, pipeline, stage, format)).join('\n'));
  return ok ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
};

function named({ plan, path }: LoadedPipeline) {
  return { pipeline: plan?.pipeline ?? null, path };
}

function asData(context: CliContext, pipeline: LoadedPipeline, stage: StageName): unknown {
  if (stage === 'ast') return plainAst(pipeline.root, context.env);
  if (stage === 'typescript') return typeScriptOf(pipeline);
  const plan = pipeline.plan!;
  if (stage === 'kernel') return explainKernels(plan);
  return explainJson(stage === 'logical' ? plan : planStages(plan));
}

function asText(context: CliContext, pipeline: LoadedPipeline, stage: StageName, format: 'text' | 'mermaid'): string {
  if (stage === 'ast') return stringify(plainAst(pipeline.root, context.env), { lineWidth: 0 });
  if (stage === 'typescript') return typeScriptOf(pipeline);
  const plan = pipeline.plan!;
  if (stage === 'kernel') return kernelText(plan);
  if (stage === 'logical') return format === 'mermaid' ? explainLogicalMermaid(plan) : showPlan({ ...plan, tests: [] });
  return format === 'mermaid' ? explainMermaid(plan) : explainText(plan);
}

function typeScriptOf({ root }: LoadedPipeline): string {
  return root?.kind === 'map' ? printTypeScript(root) : '';
}

function kernelText(plan: Plan): string {
  return explainKernels(plan)
    .map(({ stage, name, source }) => `// ${plan.pipeline}, stage ${stage}: ${name}\n${source}\n`)
    .join('\n');
}
