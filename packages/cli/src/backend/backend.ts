/** Where a command works: Kafka and a registry server, or the embedded log and registry in a directory. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ProjectFile } from '@rta/dsl';
import { confluentRegistry, embeddedRegistry, type ConfluentOptions, type SchemaRegistry } from '@rta/registry';
import { LogError, openKafkaLog, ownEmbeddedLog, shareEmbeddedLog, type KafkaLogOptions, type Log, type StateStores } from '@rta/runtime';
import { openStateStores, removeStores } from '@rta/state-rocks';
import type { CliContext } from '../context.js';
import { Failure, UsageError } from '../failure.js';
import { registrySettings } from './registry-settings.js';

/** Options that every command has that touches topics. */
export interface BackendOptions {
  /** `host:port,host:port`; over KAFKA_BROKERS, over `kafka:` of rta.yaml. */
  readonly brokers?: string;
  /** URL; over SCHEMA_REGISTRY_URL, over `registry:` of rta.yaml. */
  readonly registry?: string;
  /** Directory of the embedded log and registry and of state; default `.rta`. */
  readonly dir?: string;
}

export interface Backend {
  readonly log: Log;
  readonly registry: SchemaRegistry;
  readonly stores: StateStores;
  /** Removes the state of a pipeline that nothing here runs as. Rejects with the system's error. */
  readonly removeState: (applicationId: string) => Promise<void>;
  /** Absolute; where state is, and the embedded log and registry. */
  readonly directory: string;
  /** For people: `Kafka at localhost:9092`, `embedded log in .rta`. */
  readonly description: string;
  /** Plain data: what worker threads open theirs with. */
  readonly settings: BackendSettings;
  close(): Promise<void>;
}

/** Where a command would work, without opening anything. */
export interface BackendSettings {
  /** Null: the embedded log. */
  readonly kafka: KafkaLogOptions | null;
  /** Null: the embedded registry. */
  readonly registry: ConfluentOptions | null;
  /** Absolute. */
  readonly directory: string;
}

/** @throws UsageError for Kafka without a registry, or brokers that are none */
export function backendSettings(
  context: Pick<CliContext, 'cwd' | 'env'>,
  options: BackendOptions,
  project: ProjectFile | null,
): BackendSettings {
  const brokers = options.brokers ?? nonEmpty(context.env['KAFKA_BROKERS']);
  const kafka = brokers === undefined ? (project?.kafka ?? null) : { ...project?.kafka, brokers };
  const url = options.registry ?? nonEmpty(context.env['SCHEMA_REGISTRY_URL']) ?? (project?.registry?.['url'] as string | undefined);
  const directory = resolve(context.cwd, options.dir ?? '.rta');
  if (kafka === null)
    return {
      kafka: null,
      registry: url === undefined || options.registry === undefined ? null : registrySettings(context, url, project),
      directory,
    };
  if (url === undefined)
    throw new UsageError('Kafka needs a schema registry: --registry URL, SCHEMA_REGISTRY_URL, or `registry: { url }` in rta.yaml');
  return { kafka: kafkaOptions(kafka), registry: registrySettings(context, url, project), directory };
}

export interface BackendHooks {
  readonly onWarning?: (message: string) => void;
  readonly kafka?: Pick<KafkaLogOptions, 'onLog' | 'logLevel'>;
  /** Pipelines are run on it, so an embedded log is opened by this process: whichever has it gives it up. Default false: that one serves it. */
  readonly runs?: boolean;
}

/** ms for a process to give the embedded log up. */
const OWNER_ENDS_MS = 10_000;

/** Opens it. Rejects with LogError or RegistryError where that cannot be, with Failure `interrupted` after a signal. */
export async function openBackend(
  context: Pick<CliContext, 'cwd' | 'env' | 'signal'>,
  options: BackendOptions,
  project: ProjectFile | null,
  hooks: BackendHooks = {},
): Promise<Backend> {
  const settings = backendSettings(context, options, project);
  const { kafka, directory } = settings;
  const warn = hooks.onWarning ?? (() => undefined);
  const registry = openRegistry(settings);
  const stores = openStores(directory, 0, warn);
  const log =
    kafka === null
      ? await openEmbedded(join(directory, 'log'), hooks.runs === true)
      : await openKafka({ ...kafka, ...hooks.kafka, onWarning: warn }, context.signal);
  const description = kafka === null ? `embedded log in ${shown(context.cwd, directory)}` : `Kafka at ${kafka.brokers.join(', ')}`;
  const removeState = (applicationId: string): Promise<void> => removeStateOf(directory, 0, applicationId);
  return { log, registry, stores, removeState, directory, description, settings, close: () => log.close() };
}

async function openKafka(options: KafkaLogOptions, signal: AbortSignal): Promise<Log> {
  return openKafkaLog(options, signal).catch((error: unknown) => {
    throw signal.aborted ? new Failure('interrupted', 'no broker had answered yet', undefined, { cause: error }) : error;
  });
}

async function openEmbedded(directory: string, runs: boolean): Promise<Log> {
  if (!runs) return shareEmbeddedLog(directory);
  return ownEmbeddedLog(directory, {}, OWNER_ENDS_MS).catch((error: unknown) => {
    if (!(error instanceof LogError) || error.code !== 'in_use') throw error;
    throw new Failure('in_use', error.message, 'end that process first: pipelines run in the one that has the log open', { cause: error });
  });
}

export function openRegistry({ registry, directory }: BackendSettings): SchemaRegistry {
  return registry === null ? embeddedRegistry(join(directory, 'registry')) : confluentRegistry(registry);
}

/** The state of one worker of this process: `state/` of the first, `state-1/` of the second, … */
export function openStores(directory: string, worker: number, warn: (message: string) => void): StateStores {
  return openStateStores(stateDirectory(directory, worker), {
    onWipe: (task, reason) => {
      warn(`state of ${task} is rebuilt from its changelog: ${reason}`);
    },
  });
}

/** @param worker as for `openStores` */
export function removeStateOf(directory: string, worker: number, applicationId: string): Promise<void> {
  return removeStores(stateDirectory(directory, worker), `${applicationId}/`);
}

function stateDirectory(directory: string, worker: number): string {
  return join(directory, worker === 0 ? 'state' : `state-${worker}`);
}

/** Whether there is an embedded log to look at. */
export function hasEmbeddedLog(directory: string): boolean {
  return existsSync(join(directory, 'log'));
}

function kafkaOptions(settings: Readonly<Record<string, unknown>>): KafkaLogOptions {
  const brokers = list(settings['brokers']);
  const wrong = brokers.find((broker) => !/^[^\s:/]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/.test(broker));
  if (brokers.length === 0 || wrong !== undefined)
    throw new UsageError(`brokers are host:port, separated by commas; got ${JSON.stringify(wrong ?? '')}`);
  const { clientId, ssl, sasl } = settings as Pick<KafkaLogOptions, 'clientId' | 'ssl' | 'sasl'>;
  return { brokers, clientId, ssl, sasl };
}

function list(value: unknown): string[] {
  const parts = Array.isArray(value) ? value.map(String) : typeof value === 'string' ? value.split(',') : [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}

function shown(cwd: string, directory: string): string {
  return directory.startsWith(`${cwd}/`) ? `./${directory.slice(cwd.length + 1)}` : directory;
}
