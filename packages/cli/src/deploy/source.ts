/** What the record keeps of a pipeline: all that a worker elsewhere compiles it from. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { toPlain, type Plan } from '@rta/dsl';
import type { DeployedSource } from '@rta/runtime';
import type { CliContext } from '../context.js';
import { fullNameOf, type LoadedPipeline } from '../project/load.js';

/** Sections of rta.yaml that say how a process reaches what it works with, and may hold secrets: each worker has its own. */
const OWN = ['kafka', 'registry', 'http'] as const;

/** @param pipeline one that compiles. Paths are relative to the working directory, where workers look for modules as well */
export function deployedSource({ cwd, env }: Pick<CliContext, 'cwd' | 'env'>, { inputs, plan, root }: LoadedPipeline): DeployedSource {
  const named = (path: string): string => relative(cwd, path).split(sep).join('/');
  const texts = new Map([...inputs].flatMap(([path, text]) => (text === null ? [] : [[path, text] as const])));
  const [file] = texts.keys();
  // JSON is YAML: so what a program has built is read without that program.
  if (/\.[cm]?[jt]s$/.test(file) && root !== null) texts.set(file, `${JSON.stringify(toPlain(root), null, 2)}\n`);
  for (const [path, text] of referredSchemas([...texts])) texts.set(path, text);
  const files = Object.fromEntries(
    [...texts].map(([path, text]) => [named(path), basename(path) === 'rta.yaml' ? withoutSections(text, OWN) : text] as const),
  );
  const variables: Record<string, string> = {};
  for (const name of compiledVariables(files, plan)) if (env[name] !== undefined) variables[name] = env[name];
  const modules = Object.fromEntries(
    modulesOf(plan).map((path) => [named(path), createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );
  return { path: named(file), files, variables, modules };
}

/**
 * The variables that a pipeline is compiled with, sorted: not those of whom alerts tell and of how stores are reached, which stay as written in
 * the plan, and are for who delivers.
 */
function compiledVariables(files: DeployedSource['files'], plan: Plan | null): string[] {
  const texts = Object.entries(files).map(([path, text]) => (basename(path) === 'rta.yaml' ? withoutSections(text, ['notify']) : text));
  const [used, kept] = [texts, (plan?.sinks ?? []).map(({ store }) => JSON.stringify(store ?? null))].map(uses);
  return [...used.keys()].filter((name) => used.get(name)! > (kept.get(name) ?? 0)).sort();
}

/** How often each variable is named. */
function uses(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) for (const [, name] of text.matchAll(/\$\{([A-Za-z_]\w*)/g)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** A text of rta.yaml without some of its sections. */
function withoutSections(text: string, sections: readonly string[]): string {
  let left = false;
  const kept = text.split('\n').filter((line) => {
    const section = /^["']?([^\s#"':]+)["']?\s*:/.exec(line);
    if (/^[^\s#]/.test(line)) left = section !== null && sections.includes(section[1]);
    return !left;
  });
  return kept.join('\n');
}

/** Schemas whose types others use, beside them. */
function referredSchemas(files: readonly (readonly [path: string, text: string])[]): Map<string, string> {
  const known = new Map(files.filter(([path]) => path.endsWith('.avsc')));
  const found = new Map<string, string>();
  const candidates = [...new Set([...known.keys()].map(dirname))].flatMap((directory) =>
    readdirSync(directory).flatMap((name) => (name.endsWith('.avsc') && !known.has(join(directory, name)) ? [join(directory, name)] : [])),
  );
  const left = new Map(candidates.map((path) => [path, readFileSync(path, 'utf8')]));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [path, text] of left) {
      const name = nameIn(text);
      if (name === null || ![...known.values(), ...found.values()].some((other) => other.includes(`"${name}"`) || other.includes(`"${name.replace(/^.*\./, '')}"`))) continue; // prettier-ignore
      found.set(path, text);
      left.delete(path);
    }
  }
  return found;
}

/** Null where it is no schema. */
function nameIn(text: string): string | null {
  try {
    return fullNameOf(JSON.parse(text) as Parameters<typeof fullNameOf>[0]);
  } catch {
    return null;
  }
}

/** Modules of functions that the plan calls. */
function modulesOf(plan: Plan | null): string[] {
  const found = new Set<string>();
  JSON.stringify(plan, (key, value: unknown) => {
    if (key === 'external' && typeof value === 'object' && value !== null) found.add((value as { readonly module: string }).module);
    return typeof value === 'bigint' ? null : value;
  });
  return [...found].sort();
}
