import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withFileLock } from './file-lock.js';
import { KAFKA_ARTIFACTS, MAVEN_DEPENDENCY_PLUGIN, REGISTRY_ARTIFACT, REGISTRY_VERSION } from './versions.js';

/** Says what is being done when it takes long; the default writes to stderr. */
export type Progress = (message: string) => void;

export const sayOnStderr: Progress = (message) => process.stderr.write(`${message}\n`);

/** Where fetched jars stay between runs: `$XDG_CACHE_HOME/rta/jars` or `~/.cache/rta/jars`. */
function jarCache(): string {
  const cache = process.env['XDG_CACHE_HOME'];
  return join(cache ? cache : join(homedir(), '.cache'), 'rta', 'jars');
}

/** The folder that holds (or will hold) something else than jars. */
export function cacheFolder(name: string): string {
  return join(jarCache(), name);
}

/** The folder that holds (or will hold) Kafka's jars. */
export function kafkaJarFolder(): string {
  return jarFolder('kafka', KAFKA_ARTIFACTS);
}

/** The folder that `mavenJars` fills. Its name changes with what is in it. */
export function jarFolder(name: string, artifacts: readonly string[]): string {
  const version = artifacts[0].split(':')[2];
  return join(jarCache(), `${name.toLowerCase().replaceAll(' ', '-')}-${version}-${digest(artifacts.join('\n'))}`);
}

/** The folder that holds (or will hold) the unpacked registry. */
export function registryFolder(): string {
  return join(jarCache(), `registry-${REGISTRY_VERSION}-${digest(REGISTRY_ARTIFACT)}`);
}

/** Whether `mvn` can be run. */
export function mavenPresent(): boolean {
  return spawnSync('mvn', ['--version'], { stdio: 'ignore', timeout: 30_000 }).status === 0;
}

/** A folder with Kafka's jars and all they depend on, fetched with Maven if this is the first time. Throws when that fails. */
export async function kafkaJars(progress?: Progress): Promise<string> {
  return mavenJars('Kafka', KAFKA_ARTIFACTS, progress);
}

/**
 * A folder with the jars of `artifacts` (`group:artifact:version`) and all they depend on, fetched with Maven if this is the first time.
 * Throws when that fails.
 * @param name for the folder and for people; the version is the first artifact's
 */
export async function mavenJars(name: string, artifacts: readonly string[], progress: Progress = sayOnStderr): Promise<string> {
  return cached(jarFolder(name, artifacts), async (folder) => {
    progress(`Fetching ${name} ${artifacts[0].split(':')[2]} with Maven (once; it stays in ${jarCache()})`);
    const pom = join(folder, 'pom.xml');
    await writeFile(pom, pomFor(artifacts));
    await maven(['-f', pom, `${MAVEN_DEPENDENCY_PLUGIN}:copy-dependencies`, '-DincludeScope=runtime', `-DoutputDirectory=${folder}`]);
  });
}

/** The folder with the registry's `quarkus-run.jar`, fetched and unpacked with Maven if this is the first time. Throws when that fails. */
export async function registryHome(progress: Progress = sayOnStderr): Promise<string> {
  return cached(registryFolder(), async (folder) => {
    progress(`Fetching the schema registry (Apicurio ${REGISTRY_VERSION}, 150 MB) with Maven (once; it stays in ${jarCache()})`);
    await maven([`${MAVEN_DEPENDENCY_PLUGIN}:unpack`, `-Dartifact=${REGISTRY_ARTIFACT}`, `-DoutputDirectory=${folder}`]);
  });
}

/**
 * `folder`, filled by `fill` if it is not there. Filled under another name and renamed when whole, so a folder under its own name
 * is complete; one process at a time, because Maven's own repository is not made for several.
 */
export async function cached(folder: string, fill: (folder: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder;
  await mkdir(jarCache(), { recursive: true });
  return withFileLock(join(jarCache(), 'lock'), async () => {
    if (existsSync(folder)) return folder;
    const unfinished = await mkdtemp(`${folder}.unfinished-`);
    try {
      await fill(unfinished);
      await rename(unfinished, folder);
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      throw error;
    }
    return folder;
  });
}

/** Runs Maven with the user's own settings (so mirrors and proxies work); one more try, since networks fail. */
async function maven(args: readonly string[]): Promise<void> {
  let failure = '';
  for (let attempt = 1; attempt <= 2; attempt++) {
    const result = await runMaven(['--batch-mode', '--quiet', ...args]);
    if (result.code === 0) return;
    failure = result.output;
  }
  throw new Error(`Maven could not fetch what is needed (mvn ${args.join(' ')}):\n${failure.split('\n').slice(-30).join('\n')}`);
}

function runMaven(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    // In the cache folder, where no project of anybody's lies around.
    const child = spawn('mvn', args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: jarCache() });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (cause) => {
      reject(new Error('mvn cannot be run: install Maven and put it on the PATH', { cause }));
    });
    child.on('close', (code) => {
      resolve({ code, output });
    });
  });
}

function pomFor(artifacts: readonly string[]): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(':');
    return `    <dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>rta</groupId>
  <artifactId>jars</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
${dependencies.join('\n')}
  </dependencies>
</project>
`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
