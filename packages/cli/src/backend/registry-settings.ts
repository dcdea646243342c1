/** `registry:` of rta.yaml as the client of the registry takes it. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ProjectFile } from '@rta/dsl';
import type { ConfluentOptions } from '@rta/registry';
import type { CliContext } from '../context.js';
import { UsageError } from '../failure.js';

/** What rta.yaml may say; files are relative to it. */
interface Declared {
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** @throws UsageError for a file that cannot be read, and for a user beside a token */
export function registrySettings(context: Pick<CliContext, 'cwd'>, url: string, project: ProjectFile | null): ConfluentOptions {
  const { username, password, token, ca, cert, key } = (project?.registry ?? {}) as Declared;
  if (username !== undefined && token !== undefined)
    throw new UsageError('`registry:` of rta.yaml has a username and a token: one of them');
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('`registry:` of rta.yaml needs `cert` and `key` together');
  const read = (file: string): Buffer => {
    const path = resolve(context.cwd, dirname(project?.file.path ?? ''), file);
    try {
      return readFileSync(path);
    } catch (error) {
      throw new UsageError(`\`registry:\` of rta.yaml: ${(error as Error).message}`);
    }
  };
  const tls = { ...(ca === undefined ? {} : { ca: read(ca) }), ...(cert === undefined || key === undefined ? {} : { cert: read(cert), key: read(key) }) }; // prettier-ignore
  return {
    url,
    ...(username === undefined ? {} : { auth: { username, password: password ?? '' } }),
    ...(token === undefined ? {} : { auth: { token } }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  };
}
