import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { installedJavas, type Java } from './java.js';
import { jarFolder, mavenJars, mavenPresent } from './maven.js';

/** Kafka's and Flink's makers support it; what is newer they have not tried. */
const JAVA_MAJOR = 17;

/** A Java program of this repository, compiled at its first use against jars from Maven Central. */
export interface ProgramSource {
  readonly name: string;
  /** `group:artifact:version`; the first gives the version of the whole. */
  readonly artifacts: readonly string[];
  readonly directory: string;
  /** Files in `directory`; the first holds `main`. */
  readonly files: readonly string[];
  /** For the JVM, before the class. */
  readonly options: readonly string[];
}

/** What to run: `java OPTIONS -cp CLASS_PATH MAIN`. */
export interface JavaProgram {
  readonly java: string;
  readonly classPath: string;
  readonly main: string;
  readonly options: readonly string[];
}

/** Whatever the locale, none included. */
const UTF_8 = ['-Dfile.encoding=UTF-8', '-Dstdout.encoding=UTF-8', '-Dsun.stdout.encoding=UTF-8'];

/** Fetches and compiles what of it is not in the cache (`~/.cache/rta/jars`) yet. Rejects when there is no JDK, or either fails. */
export async function javaProgram({ name, artifacts, directory, files, options }: ProgramSource): Promise<JavaProgram> {
  const java = jdk()?.command;
  if (java === undefined) throw new Error(`${name} needs a JDK (javac) from ${JAVA_MAJOR} on: none was found`);
  const jars = await mavenJars(name, artifacts);
  const sources = files.map((file) => join(directory, file));
  const hash = createHash('sha256');
  hash.update(java);
  for (const source of sources) hash.update(readFileSync(source));
  const classes = `${jars}-classes-${hash.digest('hex').slice(0, 8)}`;
  const classPath = join(jars, '*');
  if (!existsSync(classes)) {
    const unfinished = mkdtempSync(`${classes}.unfinished-`);
    const options = ['-encoding', 'UTF-8', '-cp', classPath, '-d', unfinished];
    const { status, stderr } = spawnSync(join(dirname(java), 'javac'), [...options, ...sources], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${files.join(', ')} do not compile:\n${stderr}`);
    writeFileSync(join(unfinished, 'simplelogger.properties'), 'org.slf4j.simpleLogger.defaultLogLevel=warn\n');
    try {
      renameSync(unfinished, classes);
    } catch (error) {
      // Another process was faster.
      rmSync(unfinished, { recursive: true, force: true });
      if (!existsSync(classes)) throw error;
    }
  }
  return { java, classPath: [classes, classPath].join(delimiter), main: basename(files[0], '.java'), options: [...UTF_8, ...options] };
}

/** What keeps a program from being run here, one sentence each; empty: nothing. Fetches and compiles nothing. */
export function missingFor({ name, artifacts }: Pick<ProgramSource, 'name' | 'artifacts'>): readonly string[] {
  const reasons: string[] = [];
  if (jdk() === undefined) reasons.push(`${name} needs a JDK (javac) from ${JAVA_MAJOR} on: none was found`);
  if (!existsSync(jarFolder(name, artifacts)) && !mavenPresent())
    reasons.push(`${name} is fetched with Maven the first time, and mvn is not on the PATH`);
  return reasons;
}

/** The oldest Java that has its compiler beside it. */
function jdk(): Java | undefined {
  return installedJavas()
    .filter(({ command, major }) => major >= JAVA_MAJOR && existsSync(join(dirname(command), 'javac')))
    .sort((a, b) => a.major - b.major)[0];
}
