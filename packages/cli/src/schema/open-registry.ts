import { join, resolve } from 'node:path';
import { confluentRegistry, embeddedRegistry, type SchemaRegistry } from '@rta/registry';
import { registrySettings } from '../backend/registry-settings.js';
import type { CliContext } from '../context.js';
import { loadProjectFile } from '../project/load.js';

export interface RegistryOptions {
  readonly registry?: string;
  readonly dir?: string;
}

/** The registry that a command is about: `--registry`, the embedded one of `--dir`, SCHEMA_REGISTRY_URL, `registry:` of rta.yaml, or `.rta`. */
export function openRegistry(context: Pick<CliContext, 'cwd' | 'env'>, { registry, dir }: RegistryOptions): SchemaRegistry {
  const project = loadProjectFile(context);
  const given = dir === undefined ? context.env['SCHEMA_REGISTRY_URL'] : undefined;
  const declared = dir === undefined ? (project?.registry?.['url'] as string | undefined) : undefined;
  const url = registry ?? (given === '' ? undefined : given) ?? declared;
  if (url === undefined) return embeddedRegistry(join(resolve(context.cwd, dir ?? '.rta'), 'registry'));
  return confluentRegistry(registrySettings(context, url, project));
}
