/** What does not depend on a project: Node, LevelDB, the directory, the terminal. */
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openEmbeddedLog } from '@rta/runtime';
import type { CliContext } from '../context.js';
import { colours } from '../output/colour.js';
import { failed, ok, reasonOf, warning, type Finding } from './finding.js';

const MINIMUM_NODE = 20;
const COMFORTABLE_COLUMNS = 80;

/** @param version as `process.versions.node` has it */
export function checkNode(version: string): Finding {
  if (Number(version.split('.')[0]) >= MINIMUM_NODE) return ok('node', `Node ${version}`);
  return failed('node', `Node ${version} is too old`, `install Node ${MINIMUM_NODE} or newer`);
}

/** LevelDB is native code: a log in a temporary directory says whether it works here. */
export async function checkLevelDb(): Promise<Finding> {
  const directory = mkdtempSync(join(tmpdir(), 'rta-doctor-'));
  try {
    const log = await openEmbeddedLog(directory);
    await log.close();
    return ok('leveldb', 'LevelDB works');
  } catch (error) {
    return failed(
      'leveldb',
      `LevelDB does not work: ${reasonOf(error)}`,
      'reinstall the packages on this machine: its native part is per platform',
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Whether the directory of logs and state can be used. It is not made. */
export function checkDirectory(directory: string): Finding {
  const remedy = 'make it writable for this user, or name another one with --dir';
  let there = directory;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  if (!statSync(there).isDirectory()) return failed('directory', `${there} is not a directory`, remedy);
  try {
    accessSync(there, constants.W_OK | constants.X_OK);
  } catch {
    return failed('directory', `${there} is not writable`, remedy);
  }
  return ok('directory', there === directory ? `${directory} is writable` : `${directory} can be made`);
}

/** Opens the embedded log as `rta run` does, and says who has it open already. */
export async function checkEmbeddedLog(directory: string): Promise<Finding> {
  const path = join(directory, 'log');
  if (!existsSync(path)) return ok('log', 'no embedded log yet: the first run makes it');
  try {
    const log = await openEmbeddedLog(path);
    try {
      const { length } = await log.topics();
      const owner = JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8')) as { pid: number; command: string };
      const what = `the embedded log opens: ${length === 1 ? '1 topic' : `${length} topics`}`;
      return owner.pid === process.pid
        ? ok('log', what)
        : warning(
            'log',
            `the embedded log is open in process ${owner.pid} (${owner.command})`,
            'fine for looking at it (topics, tail); a second rta run on it has to wait until that process ends',
          );
    } finally {
      await log.close();
    }
  } catch (error) {
    return failed('log', reasonOf(error), 'end the process that holds it, or name another directory with --dir');
  }
}

export function checkTerminal({ stdout, env }: Pick<CliContext, 'stdout' | 'env'>): Finding {
  if (stdout.isTTY !== true) return ok('terminal', 'output is no terminal: plain text, no live table');
  const columns = stdout.columns ?? 0;
  const colour = colours(stdout, env) ? 'colours' : 'no colours (NO_COLOR)';
  if (env['TERM'] === 'dumb') return warning('terminal', 'the terminal is dumb (TERM)', 'use one that moves the cursor, or --json');
  if (columns < COMFORTABLE_COLUMNS)
    return warning('terminal', `the terminal is ${columns} columns wide`, `make it ${COMFORTABLE_COLUMNS} or wider: tables are cut off`);
  return ok('terminal', `terminal of ${columns} columns, ${colour}`);
}
