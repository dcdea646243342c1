import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { canPin } from './child.js';

/** What the figures depend on: the machine and versions, as lines for people. */
export function describeMachine(kafkaVersion: string): Record<string, string> {
  const [{ model }] = cpus();
  return {
    machine: `${cpus().length} cores (${model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${release()} ${arch()}`,
    versions: `Node ${process.version}, KafkaJS ${kafkajsVersion()}, Kafka ${kafkaVersion} (one broker on the same machine, 1 GiB of heap)`,
    cores: canPin
      ? 'each Node process under test is pinned to core 0, but where state is larger than memory; the broker and the engines of the JVM may use all'
      : 'nothing is pinned',
    load: `${loadavg()[1].toFixed(1)} processes ready to run, on average over the last five minutes; much above the number of cores: others were at work`,
    date: new Date().toISOString().slice(0, 10),
  };
}

function kafkajsVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL(import.meta.resolve('kafkajs/package.json')), 'utf8')) as { version: string };
  return version;
}
