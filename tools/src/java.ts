import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** A Java runtime found on this machine. */
export interface Java {
  /** The `java` executable. */
  readonly command: string;
  /** 17 for Java 17.0.15, 8 for Java 1.8. */
  readonly major: number;
}

/**
 * The oldest Java found that is at least `minimum`: the servers are best tried on the versions they were made for.
 * Looks at `JAVA_HOME` and its like (`JAVA_HOME_21_X64`), the PATH, and the folders where systems and version managers put Javas.
 */
export function findJava(minimum: number): Java | undefined {
  return installedJavas()
    .filter((java) => java.major >= minimum)
    .sort((a, b) => a.major - b.major)[0];
}

let found: readonly Java[] | undefined;

/** Every Java found on this machine, each once; looked up once per process. */
export function installedJavas(): readonly Java[] {
  if (found !== undefined) return found;
  const byCommand = new Map<string, Java>();
  for (const command of candidates()) {
    if (byCommand.has(command) || !existsSync(command)) continue;
    const major = majorVersion(command);
    if (major !== undefined) byCommand.set(command, { command, major });
  }
  found = [...byCommand.values()];
  return found;
}

function candidates(): string[] {
  const homes: string[] = [];
  for (const [name, value] of Object.entries(process.env)) {
    if ((name === 'JDK_HOME' || name.startsWith('JAVA_HOME') || name.startsWith('JAVA_HOME_')) && value) homes.push(value);
  }
  const home = homedir();
  const folders = [
    '/usr/lib/jvm',
    '/usr/lib64/jvm',
    '/usr/java',
    '/opt/java',
    '/opt/jdk',
    '/Library/Java/JavaVirtualMachines',
    join(home, '.sdkman', 'candidates', 'java'),
    join(home, '.jdks'),
    join(home, '.local', 'share', 'mise', 'installs', 'java'),
    join(home, '.asdf', 'installs', 'java'),
  ];
  for (const folder of folders) {
    for (const name of list(folder)) homes.push(join(folder, name), join(folder, name, 'Contents', 'Home'));
  }
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...homes.map((folder) => join(folder, 'bin', 'java')), ...onPath.map((folder) => join(folder, 'java'))];
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // most of these folders exist on no given machine
  }
}

/** From the runtime's `release` file where there is one (no process to start), else from `java -version`. */
function majorVersion(command: string): number | undefined {
  const release = join(command, '..', '..', 'release');
  if (existsSync(release)) {
    const version = /^JAVA_VERSION="([^"]+)"/m.exec(readFileSync(release, 'utf8'));
    if (version !== null) return parseMajor(version[1]);
  }
  const run = spawnSync(command, ['-version'], { encoding: 'utf8', timeout: 10_000 });
  const version = /version "([^"]+)"/.exec(run.stderr);
  return run.status === 0 && version !== null ? parseMajor(version[1]) : undefined;
}

/** `17.0.15` → 17, `1.8.0_402` → 8. */
export function parseMajor(version: string): number | undefined {
  const match = /^(?:1\.)?(\d+)/.exec(version);
  return match === null ? undefined : Number(match[1]);
}
