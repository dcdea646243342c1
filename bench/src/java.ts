/** The engines of the JVM: their programs in `bench/jvm` are compiled at the first use, against jars from Maven Central. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedJavas, mavenJars } from '@rta/tools';
import { run, type ChildResult } from './child.js';

const SOURCES = fileURLToPath(new URL('../jvm', import.meta.url));
/** Both engines support it; what is newer has not been tried by their makers. */
const JAVA_MAJOR = 17;

export interface JavaProgram {
  readonly java: string;
  readonly classPath: string;
  readonly main: string;
  /** For the JVM, before the class. */
  readonly options: readonly string[];
}

export interface ProgramSource {
  readonly name: string;
  /** `group:artifact:version`; the first is the engine. */
  readonly artifacts: readonly string[];
  /** Files in `bench/jvm`; the first holds `main`. */
  readonly files: readonly string[];
  readonly options: readonly string[];
}

/** Fetches and compiles what of it is not in the cache (`~/.cache/rta/jars`) yet. Throws when there is no JDK, or either fails. */
export async function javaProgram({ name, artifacts, files, options }: ProgramSource): Promise<JavaProgram> {
  const java = jdk();
  const jars = await mavenJars(name, artifacts);
  const sources = files.map((file) => join(SOURCES, file));
  const hash = createHash('sha256');
  hash.update(java);
  for (const source of sources) hash.update(readFileSync(source));
  const classes = `${jars}-classes-${hash.digest('hex').slice(0, 8)}`;
  const classPath = join(jars, '*');
  if (!existsSync(classes)) {
    const unfinished = mkdtempSync(`${classes}.unfinished-`);
    const { status, stderr } = spawnSync(join(dirname(java), 'javac'), ['-cp', classPath, '-d', unfinished, ...sources], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${files.join(', ')} do not compile:\n${stderr}`);
    writeFileSync(join(unfinished, 'simplelogger.properties'), 'org.slf4j.simpleLogger.defaultLogLevel=warn\n');
    renameSync(unfinished, classes);
  }
  return { java, classPath: [classes, classPath].join(delimiter), main: basename(files[0], '.java'), options };
}

/** Runs it, not pinned; the figures of the process are its own. The last line that it prints is its report. */
export async function runJava(
  { java, classPath, main, options }: JavaProgram,
  args: Readonly<Record<string, string | number>>,
  directory: string,
): Promise<ChildResult & { readonly insideSeconds: number }> {
  const { stdout, wholeSeconds } = await run(
    java,
    [
      ...options,
      `-Djava.io.tmpdir=${directory}`,
      '-cp',
      classPath,
      main,
      ...Object.entries(args).map(([name, value]) => `${name}=${value}`),
    ],
    { cwd: directory, env: process.env },
  );
  const report = JSON.parse(stdout.trim().split('\n').at(-1)!) as { seconds: number; cpuSeconds: number; peakBytes: number };
  return { stdout, wholeSeconds, insideSeconds: report.seconds, cpuSeconds: report.cpuSeconds, peakBytes: report.peakBytes };
}

/** The `java` of a JDK: one with its compiler beside it. */
function jdk(): string {
  const found = installedJavas()
    .filter(({ command, major }) => major >= JAVA_MAJOR && existsSync(join(dirname(command), 'javac')))
    .sort((a, b) => a.major - b.major)[0];
  if (found === undefined) throw new Error(`the engines of the JVM need a JDK (javac) from ${JAVA_MAJOR} on: none was found`);
  return found.command;
}
