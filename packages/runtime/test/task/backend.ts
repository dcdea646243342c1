/** What the suites of the task engine run on: the embedded log and registry, or a real broker and a real registry. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '@rta/dsl';
import { confluentRegistry, embeddedRegistry, type SchemaRegistry } from '@rta/registry';
import { openStateStores } from '@rta/state-rocks';
import { available, startRegistry } from '@rta/tools';
import { afterAll, beforeAll } from 'vitest';
import { compileStage } from '../../src/kernel/compile-stage.js';
import { openEmbeddedLog } from '../../src/log/embedded/open.js';
import type { KafkaLogOptions } from '../../src/log/kafka/options.js';
import type { Log } from '../../src/log/log.js';
import { openPipeline, type PipelineOptions } from '../../src/pipeline.js';
import type { Worker } from '../../src/task/worker.js';
import { useBroker, withoutKafka } from '../log/kafka-broker.js';
import { sinkIds, temporaryDirectory } from './project.js';

export class Backend {
  log!: Log;
  registry!: SchemaRegistry;
  readonly directory = temporaryDirectory();
  /** Of Kafka; empty on the embedded log. */
  brokers = '';
  readonly warnings: string[] = [];
  /** Another connection to the same brokers. */
  connect: (options: Partial<KafkaLogOptions>) => Promise<Log> = () => Promise.reject(new Error('the embedded log has no connections'));

  get stateDirectory(): string {
    return join(this.directory, 'state');
  }

  /** A worker of the pipeline, not joined yet. */
  async worker(plan: Plan, options: Partial<PipelineOptions> = {}): Promise<Worker> {
    const { worker } = await openPipeline({
      plan,
      log: this.log,
      stores: openStateStores(this.stateDirectory),
      schemas: this.registry,
      sinkSchemaIds: await sinkIds(plan, this.registry),
      compileStage,
      createSources: true,
      onWarning: (message) => this.warnings.push(message),
      ...options,
    });
    return worker;
  }

  /** Processes everything that is there, and commits it. */
  async runToEnd(plan: Plan, options: Partial<PipelineOptions> & { readonly watermark?: number | 'close' } = {}): Promise<Worker> {
    const worker = await this.worker(plan, options);
    await worker.drain(options.watermark);
    await worker.finish();
    return worker;
  }

  loseState(): void {
    rmSync(this.stateDirectory, { recursive: true, force: true });
  }
}

export function onEmbedded(): Backend {
  const backend = new Backend();
  beforeAll(async () => {
    backend.log = await openEmbeddedLog(join(backend.directory, 'log'));
    backend.registry = embeddedRegistry(join(backend.directory, 'registry'));
  });
  afterAll(() => backend.log.close());
  return backend;
}

const registryUrl = process.env['SCHEMA_REGISTRY_URL'];
const registryMissing =
  registryUrl === '' ? ['SCHEMA_REGISTRY_URL is set to nothing'] : registryUrl === undefined ? available().registry : [];

/** Whether the suites that need a broker and a registry must be left out. */
export const withoutCluster = withoutKafka || registryMissing.length > 0;
if (withoutCluster) console.warn(`LEFT OUT, the task engine on Kafka: ${registryMissing.join('; ')}`);

export function onKafka(): Backend {
  const backend = new Backend();
  const broker = useBroker();
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    backend.log = await broker.open();
    backend.brokers = broker.brokers();
    backend.connect = broker.open;
    if (registryUrl !== undefined) {
      backend.registry = confluentRegistry({ url: registryUrl });
      return;
    }
    const server = await startRegistry();
    backend.registry = confluentRegistry({ url: server.url });
    stop = () => server.stop();
  });
  afterAll(() => stop?.());
  return backend;
}
