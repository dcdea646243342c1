import { didYouMean, listing, renderAll, type Plan } from '@rta/dsl';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CliContext } from '../context.js';
import { Failure } from '../failure.js';
import { colours } from '../output/colour.js';
import { loadPipelines, type LoadedPipeline, type LoadedProject } from './load.js';

export interface NamedPlans {
  readonly loaded: LoadedProject;
  /** Those that were named, in that order; all that compile where none was. */
  readonly plans: readonly Plan[];
  /** All of the project that compile. */
  readonly all: readonly Plan[];
}

/**
 * The plans of pipelines by name, for commands about pipelines that run or ran. They are looked for where `rta run` looks; a file or a
 * directory stands for all that is in it.
 *
 * Rejects with Failure `unknown_pipeline`, saying which one was probably meant, and `invalid_pipeline` for one with errors
 */
export async function namedPlans(context: CliContext, names: readonly string[]): Promise<NamedPlans> {
  const paths = names.filter((name) => isPath(context, name));
  const onlyPaths = names.length > 0 && paths.length === names.length;
  const loaded = await loadPipelines(context, onlyPaths ? paths : []);
  const compiled = loaded.pipelines.filter(({ plan }) => plan !== null);
  const all = compiled.flatMap(({ plan }) => plan ?? []);
  if (names.length === 0 || onlyPaths) {
    for (const { plan, path, diagnostics } of loaded.pipelines)
      if (plan === null) {
        context.stderr.write(`${renderAll(diagnostics, { colour: colours(context.stderr, context.env) })}\n\n`);
        if (onlyPaths) throw invalid(path);
      }
    return { loaded, plans: all, all };
  }
  return { loaded, plans: names.map((name) => planNamed(context, loaded, name)), all };
}

function planNamed(context: CliContext, { pipelines }: LoadedProject, name: string): Plan {
  const nameOf = ({ plan, path }: LoadedPipeline): string => plan?.pipeline ?? path.replace(/^.*\/|\.[^/]*$/g, '');
  const found = pipelines.find((pipeline) => nameOf(pipeline) === name || pipeline.path === name);
  if (found === undefined) {
    const names = pipelines.map(nameOf);
    throw new Failure(
      'unknown_pipeline',
      `there is no pipeline ${name}`,
      didYouMean(name, names, (other) => other) ?? `there is ${listing(names, 'and')}`,
    );
  }
  if (found.plan === null) {
    context.stderr.write(`${renderAll(found.diagnostics, { colour: colours(context.stderr, context.env) })}\n\n`);
    throw invalid(found.path);
  }
  return found.plan;
}

function isPath({ cwd }: CliContext, name: string): boolean {
  return (name.includes('/') || /\.(ya?ml|[cm]?[jt]s)$/.test(name)) && existsSync(resolve(cwd, name));
}

function invalid(path: string): Failure {
  return new Failure('invalid_pipeline', `${path} has errors`, 'rta check says what and where');
}
