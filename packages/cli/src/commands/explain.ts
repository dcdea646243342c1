import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option } from 'commander';
import { functionTypes, plainAst, printTypeScript, renderAll, showPlan, type Plan } from '@rta/dsl';
import { explainJson, explainKernels, explainLogicalMermaid, explainMermaid, explainSvg, explainText, planStages } from '@rta/runtime';
import { stringify } from 'yaml';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { UsageError } from '../failure.js';
import { colours } from '../output/colour.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { explainAdvice } from '../explain/advice.js';
import { loadPipelines, type LoadedPipeline } from '../project/load.js';

interface ExplainOptions {
  readonly stage: StageName;
  readonly format: 'text' | 'mermaid' | 'svg' | 'json';
  /** The file to write, or true for stdout. */
  readonly svg?: string | true;
  readonly json?: boolean;
  readonly advice?: boolean;
}

const STAGES = ['ast', 'typescript', 'functions', 'logical', 'physical', 'kernel'] as const;
type StageName = (typeof STAGES)[number];

export const addExplain: AddCommand = (program, act) => {
  program
    .command('explain')
    .description('Shows what a pipeline compiles to; touches no broker')
    .argument('[paths...]', 'pipeline files, or directories of them (default: pipelines/)')
    .addOption(new Option('--stage <stage>', 'stage of compilation').choices(STAGES).default('physical'))
    .addOption(new Option('--format <format>', 'how it is written').choices(['text', 'mermaid', 'svg', 'json']).default('text'))
    .option('--svg [file]', 'a drawing of the stages, to a file or stdout')
    .option('--advice', 'what it will do that is easily overlooked, and what to write instead')
    .option('--json', 'NDJSON: one line per pipeline, or per piece of advice')
    .addHelpText(
      'after',
      `
Stages:
  ast         the file as read: settings resolved, names and expressions not yet
  typescript  the same pipeline as a TypeScript module
  functions   the types of what use steps call, for a .d.ts file
  logical     sources, steps and sinks with their types, every conversion shown
  physical    what runs: stages, repartitioning, state, topics
  kernel      the JavaScript generated for each stage

Advice is about state without bound, rows that move, groups that are few, results that wait, and what a replay would not give. A
comment \`# accepts RTA4001: why\` on the line of its place or above it accepts a piece, at the top of a file for all of it.`,
    )
    .action(act(explain));
};

const explain: Action<ExplainOptions> = async (context, paths, options) => {
  const { stage } = options;
  const format = options.svg === undefined ? options.format : 'svg';
  if (format === 'svg' && stage !== 'physical') throw new UsageError(`--svg draws what runs: --stage physical, not ${stage}`);
  if (format === 'mermaid' && stage !== 'logical' && stage !== 'physical')
    throw new UsageError(`--format mermaid draws plans: --stage logical or physical, not ${stage}`);
  const { pipelines, diagnostics } = await loadPipelines(context, paths);
  const ok = pipelines.every(({ plan }) => plan !== null) && diagnostics.every(({ severity }) => severity !== 'error');
  if (diagnostics.length > 0) context.stderr.write(`${renderAll(diagnostics, { colour: colours(context.stderr, context.env) })}\n\n`);
  if (options.advice === true) {
    explainAdvice(context, pipelines, options.json === true);
    return ok ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
  }
  if (format === 'svg') {
    writeSvg(context, pipelines, options.svg);
    return ok ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
  }
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

/** One drawing is one file, so there is one pipeline. */
function writeSvg(context: CliContext, pipelines: readonly LoadedPipeline[], target: string | true | undefined): void {
  if (pipelines.length > 1) throw new UsageError(`--svg draws one pipeline; these are ${pipelines.length}: name one of them`);
  const [{ plan }] = pipelines;
  if (plan === null) return;
  if (typeof target !== 'string') context.stdout.write(explainSvg(plan));
  else {
    writeFileSync(resolve(context.cwd, target), explainSvg(plan));
    context.stderr.write(`written: ${target}\n`);
  }
}

function named({ plan, path }: LoadedPipeline) {
  return { pipeline: plan?.pipeline ?? null, path };
}

function asData(context: CliContext, pipeline: LoadedPipeline, stage: StageName): unknown {
  if (stage === 'ast') return plainAst(pipeline.root, context.env);
  if (stage === 'typescript') return typeScriptOf(pipeline);
  const plan = pipeline.plan!;
  if (stage === 'functions') return functionTypes(plan);
  if (stage === 'kernel') return explainKernels(plan);
  return explainJson(stage === 'logical' ? plan : planStages(plan));
}

function asText(context: CliContext, pipeline: LoadedPipeline, stage: StageName, format: 'text' | 'mermaid'): string {
  if (stage === 'ast') return stringify(plainAst(pipeline.root, context.env), { lineWidth: 0 });
  if (stage === 'typescript') return typeScriptOf(pipeline);
  const plan = pipeline.plan!;
  if (stage === 'functions') return functionTypes(plan);
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
