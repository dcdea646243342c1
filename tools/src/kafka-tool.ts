import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { findJava, type Java } from './java.js';
import { kafkaJars } from './maven.js';
import { KAFKA_MINIMUM_JAVA, KAFKA_VERSION } from './versions.js';

export interface KafkaToolOptions {
  /** Written to the tool's standard input. */
  readonly input?: string;
  /** Default 60,000. */
  readonly timeoutMs?: number;
}

/**
 * Runs one of Kafka's own tools, such as `org.apache.kafka.tools.consumer.ConsoleConsumer`, and returns what it wrote to stdout.
 * Throws with what it wrote to stderr if it fails or takes longer than the timeout.
 */
export async function kafkaTool(className: string, args: readonly string[], options: KafkaToolOptions = {}): Promise<string> {
  const java = findJava(KAFKA_MINIMUM_JAVA);
  if (java === undefined) throw new Error(`Kafka ${KAFKA_VERSION} needs Java ${KAFKA_MINIMUM_JAVA} or newer: none was found`);
  return runJava(java, join(await kafkaJars(), '*'), className, args, options);
}

/** Starts one of Kafka's own tools, to be written to and read from while it runs; its end is the caller's. Throws where there is no Java. */
export async function startKafkaTool(className: string, args: readonly string[]): Promise<ChildProcessWithoutNullStreams> {
  const java = findJava(KAFKA_MINIMUM_JAVA);
  if (java === undefined) throw new Error(`Kafka ${KAFKA_VERSION} needs Java ${KAFKA_MINIMUM_JAVA} or newer: none was found`);
  return spawn(java.command, [...FLAGS, '-cp', join(await kafkaJars(), '*'), className, ...args]);
}

/** Short-lived: the quick compiler only, and a collector without threads. Without a configuration log4j writes errors only. */
const FLAGS = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Djava.awt.headless=true'];

/** Runs a class to its end and returns its stdout; as {@link kafkaTool}. */
export function runJava(
  java: Java,
  classPath: string,
  className: string,
  args: readonly string[],
  { input = '', timeoutMs = 60_000 }: KafkaToolOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(java.command, [...FLAGS, '-cp', classPath, className, ...args], { timeout: timeoutMs, killSignal: 'SIGKILL' });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => undefined); // it may end without reading
    child.stdin.end(input);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) {
        resolve(Buffer.concat(stdout).toString());
        return;
      }
      const end = signal === null ? `ended with code ${String(code)}` : `was ended by ${signal} (its limit is ${timeoutMs / 1000} s)`;
      reject(new Error(`${className} ${end}:\n${Buffer.concat([...stdout, ...stderr]).toString()}`));
    });
  });
}
