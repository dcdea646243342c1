/** ClickHouse as Debian packages it, with what it needs and this machine has not, unpacked into the cache: nothing is installed. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, cached, type Progress } from './maven.js';

const PACKAGE = 'clickhouse-server';
/** Where an installed one is, or an unpacked one below its folder. */
const SERVER = 'usr/sbin/clickhouse-server';
const INSTALLED = join('/', SERVER);

interface ClickhouseProgram {
  readonly command: string;
  /** Where its libraries are; null: where the system's are. */
  readonly libraries: string | null;
}

/** What keeps ClickHouse from being started here; empty: nothing. */
export function missingForClickhouse(): string[] {
  if (existsSync(INSTALLED) || existsSync(cacheFolder(PACKAGE))) return [];
  const missing = ['apt-get', 'dpkg'].filter(
    (program) => spawnSync(program, ['--version'], { stdio: 'ignore', timeout: 30_000 }).status !== 0,
  );
  return missing.length === 0
    ? []
    : [`ClickHouse is unpacked from Debian's packages, and there is no ${missing.join(' and no ')} on the PATH`];
}

/** The server that is installed, else one that is fetched if this is the first time. Rejects when that fails. */
export async function clickhouseProgram(progress: Progress): Promise<ClickhouseProgram> {
  if (existsSync(INSTALLED)) return { command: INSTALLED, libraries: null };
  const folder = await cached(cacheFolder(PACKAGE), async (target) => {
    progress(`Fetching ClickHouse (Debian's ${PACKAGE}, 20 MB) with apt-get (once; it stays in ${cacheFolder(PACKAGE)})`);
    await unpack(target);
  });
  const libraries = ['usr/lib', 'lib'].flatMap((place) => {
    const path = join(folder, place);
    const below = existsSync(path) ? readdirSync(path).filter((name) => name.endsWith('-linux-gnu')) : [];
    return below.map((name) => join(path, name));
  });
  return { command: join(folder, SERVER), libraries: libraries.join(':') };
}

async function unpack(folder: string): Promise<void> {
  const packages = join(folder, 'packages');
  await mkdir(packages);
  let names = await needed(packages).catch(() => null);
  if (names === null) {
    // The lists are not there yet, or too old.
    await run('apt-get', ['update', '-qq'], packages);
    names = await needed(packages);
  }
  await run('apt-get', ['download', '-qq', ...names], packages);
  for (const file of readdirSync(packages)) await run('dpkg', ['-x', join(packages, file), folder], packages);
  await rm(packages, { recursive: true });
}

/** The package and those that it needs and that are not installed, with their versions. */
async function needed(cwd: string): Promise<string[]> {
  const list = await run('apt-get', ['install', '--simulate', '-qq', '--no-install-recommends', PACKAGE], cwd);
  const names = [...list.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
  if (!names.includes(PACKAGE)) throw new Error(`apt-get does not know ${PACKAGE}`);
  return names;
}

/** Its output. Rejects with its end where it fails. */
function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ${args.join(' ')} failed:\n${output.split('\n').slice(-20).join('\n')}`));
    });
  });
}
