/** Loads the modules of users' functions (`use`). */
import { messageOf } from '@rta/dsl/message-of';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Diagnostic, type ExternalFunction, type NamedExpr, type Plan, type Transform, useMessages } from '@rta/dsl';
import { PipelineError } from '../task/errors.js';

type Loaded = NonNullable<ExternalFunction['call']>;
type Module = Readonly<Record<string, unknown>>;

/**
 * The plan with the functions of its `use` steps loaded.
 *
 * @throws PipelineError `invalid_function` for a module that cannot be loaded, or that does not export the function
 */
export async function loadFunctions(plan: Plan): Promise<Plan> {
  if (!plan.steps.some((step) => step.transforms.some(usesFunctions))) return plan;
  const steps = plan.steps.map(async (step) => ({ ...step, transforms: await Promise.all(step.transforms.map(withFunctions)) }));
  return { ...plan, steps: await Promise.all(steps) };
}

/** What is wrong with the functions of a plan, as far as their modules tell without a call. */
export async function checkFunctions(plan: Plan): Promise<readonly Diagnostic[]> {
  const named = plan.steps
    .flatMap((step) => step.transforms.filter(usesFunctions))
    .flatMap((transform) => (transform.type === 'project' ? transform.columns : []))
    .flatMap(({ expr }) => (expr.kind === 'call' && expr.external !== undefined ? [expr.external] : []));
  return (await Promise.all(named.map(problemOf))).filter((problem) => problem !== null);
}

async function problemOf({ ref, module, name, span }: ExternalFunction): Promise<Diagnostic | null> {
  let exported: Module;
  try {
    exported = await importModule(resolve(module));
  } catch (error) {
    return useMessages.functionModule(span, ref, error instanceof Error ? error.message.split('\n', 1)[0] : String(error));
  }
  const found = exported[name];
  if (typeof found !== 'function') return useMessages.noSuchFunction(span, ref, name, functionsOf(exported));
  if (found.length > 1) return useMessages.functionArity(span, ref, found.length);
  return found.constructor.name === 'AsyncFunction' ? useMessages.functionAsync(span, ref) : null;
}

function functionsOf(exported: Module): readonly string[] {
  return Object.keys(exported).filter((key) => typeof exported[key] === 'function');
}

function usesFunctions(transform: Transform): boolean {
  return transform.type === 'project' && transform.columns.some(({ expr }) => expr.kind === 'call' && expr.external !== undefined);
}

async function withFunctions(transform: Transform): Promise<Transform> {
  if (transform.type !== 'project' || !usesFunctions(transform)) return transform;
  return { ...transform, columns: await Promise.all(transform.columns.map(withFunction)) };
}

async function withFunction({ name, expr }: NamedExpr): Promise<NamedExpr> {
  if (expr.kind !== 'call' || expr.external === undefined) return { name, expr };
  return { name, expr: { ...expr, external: { ...expr.external, call: await load(expr.external) } } };
}

async function load({ ref, module, name }: ExternalFunction): Promise<Loaded> {
  let exported: Module;
  try {
    exported = await importModule(resolve(module));
  } catch (error) {
    const why = messageOf(error);
    throw new PipelineError('invalid_function', `the function ${ref} cannot be loaded: ${why}`, false, { cause: error });
  }
  const found = exported[name];
  if (typeof found === 'function') return found as Loaded;
  const functions = functionsOf(exported);
  const there = functions.length === 0 ? 'it exports no function' : `it exports ${functions.join(', ')}`;
  throw new PipelineError('invalid_function', `the module of ${ref} does not export a function ${name}; ${there}`, false);
}

async function importModule(path: string): Promise<Module> {
  const url = pathToFileURL(path).href;
  try {
    return (await import(url)) as Module;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error;
    return importTypeScript(path, url);
  }
}

/** Where Node does not read TypeScript itself, the project's `tsx` does. */
async function importTypeScript(path: string, url: string): Promise<Module> {
  let api: string;
  try {
    api = createRequire(path).resolve('tsx/esm/api');
  } catch (error) {
    const node = `Node ${process.versions.node} does not read TypeScript`;
    throw new Error(`${node}; use Node 22.18 or later, install the package tsx, or name a .js file`, { cause: error });
  }
  const { tsImport } = (await import(pathToFileURL(api).href)) as { readonly tsImport: (url: string, parent: string) => Promise<Module> };
  return tsImport(url, url);
}
