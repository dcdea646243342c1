/** A Java program that answers each line of JSON with one. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { javaProgram, type ProgramSource } from '@rta/tools';

/** What the program says to each question, in order, all of them in one JVM. Rejects when there is no JDK, or the program fails. */
export async function answersOf<Answer>(source: ProgramSource, questions: readonly unknown[]): Promise<readonly Answer[]> {
  const { java, classPath, main, options } = await javaProgram(source);
  const directory = mkdtempSync(join(tmpdir(), 'rta-java-'));
  try {
    const child = spawn(java, [...options, `-Djava.io.tmpdir=${directory}`, '-cp', classPath, main], { cwd: directory });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    child.stdin.end(questions.map((each) => `${JSON.stringify(each)}\n`).join(''));
    const code = await ended;
    const answers = stdout.split('\n').filter((line) => line !== '');
    if (code !== 0 || answers.length !== questions.length)
      throw new Error(
        `${source.name} ended with ${String(code)} after ${answers.length} of ${questions.length} lines:\n${stderr.slice(-4000)}`,
      );
    return answers.map((line) => JSON.parse(line) as Answer);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
