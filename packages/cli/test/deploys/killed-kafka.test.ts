/**
 * A deploy that is killed (SIGKILL) on a real broker and registry, between the kinds of things that it changes. Each is a process of its own; this
 * one stands between it and both servers, and kills when it asks for the next thing, which is then not done.
 */
import { ADMIN_API, API, KafkaProxy, type Fate } from '@rta/tools';
import { afterTests } from '@rta/tools/after-tests';
import { beforeAll, describe, expect, it } from 'vitest';
import { spawnRta } from '../support/cli.js';
import { leavesOut, useKafka } from '../support/use-kafka.js';
import { DeployedProject } from './project.js';
import { registers, registryBetween } from './registry-between.js';

/** Where it is killed. */
interface Kill {
  /** As it asks for this, of Kafka. */
  readonly request?: number;
  /** `mute`: it is done, and it does not hear of it. */
  readonly fate?: Fate;
  /** As it registers the schema of a subject that ends so. */
  readonly subject?: string;
}

const OWN = ['rta.totals-1-changelog', 'rta.totals-1-repartition'];
const ALL = { topics: ['in', 'out', ...OWN], subjects: ['out-key', 'out-value'], version: 1 };

describe.skipIf(leavesOut('deploys that are killed, on Kafka and a registry server'))('on Kafka, a deploy that is killed', () => {
  const env = useKafka();
  /** All at once: starting a process is most of it. */
  const killed = new Map<string, DeployedProject>();
  const points: Readonly<Record<string, Kill>> = {
    'before the topics': { request: ADMIN_API.createTopics, fate: 'swallowed' },
    'between topics and subjects': { subject: '-key' },
    'between subjects': { subject: '-value' },
    'between subjects and record': { request: API.joinGroup, fate: 'swallowed' },
    'after the record': { request: API.endTxn, fate: 'mute' },
  };

  const kill = async (name: string, { request, fate, subject }: Kill): Promise<void> => {
    const proxy = await KafkaProxy.start(env().KAFKA_BROKERS);
    afterTests(() => proxy.stop());
    const between = await registryBetween(env().SCHEMA_REGISTRY_URL);
    const project = new DeployedProject({ ...env() });
    killed.set(name, project);
    const through = { KAFKA_BROKERS: proxy.address, SCHEMA_REGISTRY_URL: between.url };
    const { child, ended } = spawnRta(['deploy'], { cwd: project.project.directory, env: through });
    proxy.fate = (apiKey) => {
      if (apiKey !== request || fate === undefined) return 'pass';
      // Until it is done: half a second is long for that.
      if (fate === 'mute') setTimeout(() => child.kill('SIGKILL'), 500);
      else child.kill('SIGKILL');
      return fate;
    };
    between.before = (method, path) => {
      if (subject === undefined || !registers(method, path) || !path.includes(`${subject}/versions`)) return 'pass';
      child.kill('SIGKILL');
      return 'silence';
    };
    const { code, stderr } = await ended;
    expect({ name, code, stderr }).toEqual({ name, code: null, stderr: '' });
  };

  beforeAll(async () => {
    await Promise.all(Object.entries(points).map(([name, point]) => kill(name, point)));
  }, 300_000);

  it.each([
    ['before the topics', { topics: [], subjects: [], version: null }],
    ['between topics and subjects', { ...ALL, subjects: [], version: null }],
    ['between subjects', { ...ALL, subjects: ['out-key'], version: null }],
    ['between subjects and record', { ...ALL, version: null }],
    ['after the record', ALL],
  ])('%s leaves what was done up to then, and the next one finishes it', { timeout: 120_000 }, async (name, left) => {
    const project = killed.get(name)!;
    const look = async (): Promise<typeof left> => ({
      topics: Object.keys(await project.topics()).sort(),
      subjects: Object.keys(await project.subjects()).sort(),
      version: (await project.deployed())?.current ?? null,
    });
    expect(await look()).toEqual(left);
    const { code, stdout, stderr } = await project.rta('deploy');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(project.short(stdout)).toContain(left.version === null ? '✓ totals: recorded, version 1\n' : 'Nothing to do');
    expect(await look()).toEqual(ALL);
    expect(await project.rta('plan', '--detailed-exitcode')).toMatchObject({ code: 0, stderr: '' });
  });
});
