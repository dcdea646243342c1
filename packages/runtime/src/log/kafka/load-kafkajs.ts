/** Loads KafkaJS with our modules in place of some of its own, after checking that it is the very version they were written for. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LogError } from '../log.js';
import type { BrokerConstructor, ConnectionPoolOptions, KafkaJs, RequestDefinition } from './kafkajs-internals.js';
import { type ModuleFactory, PrivateModules } from './private-modules.js';
import { REPLACEMENTS, type Replacement } from './replace/index.js';

/** The replacements reach into KafkaJS: another version is another program. */
const KAFKAJS_VERSION = '2.2.4';

let loaded: KafkaJs | undefined;

/** Once per thread. Throws LogError `unsupported` when another KafkaJS, or a changed one, is installed. */
export function loadKafkaJs(): KafkaJs {
  loaded ??= internals(replacedModules(kafkaJsFolder(), REPLACEMENTS));
  return loaded;
}

/** Where KafkaJS is installed, as this package sees it. */
export function kafkaJsFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('kafkajs/package.json'));
}

/** KafkaJS at `root` with `replacements`; each replaced file must be byte for byte the one that the replacement was written for. */
export function replacedModules(root: string, replacements: readonly Replacement[]): PrivateModules {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  if (version !== KAFKAJS_VERSION)
    throw new LogError(
      'unsupported',
      `KafkaJS ${version} is installed at ${root}, and rta replaces parts of exactly ${KAFKAJS_VERSION}: install that one`,
      false,
    );
  const factories = new Map<string, ModuleFactory>();
  const modules = new PrivateModules(root, factories);
  for (const replacement of replacements) {
    const sha256 = createHash('sha256')
      .update(readFileSync(join(root, replacement.path)))
      .digest('hex');
    if (sha256 !== replacement.sha256)
      throw new LogError(
        'unsupported',
        `${join(root, replacement.path)} is not the file of KafkaJS ${KAFKAJS_VERSION} that rta replaces (patched?): reinstall KafkaJS`,
        false,
      );
    factories.set(replacement.path, () =>
      replacement.create({ stock: () => modules.loadStock(replacement.path), load: (path) => modules.load(path) }),
    );
  }
  return modules;
}

function internals(modules: PrivateModules): KafkaJs {
  const { requests } = modules.load('src/protocol/requests/index.js') as { requests: Record<string, RequestDefinition> };
  const { createLogger } = modules.load('src/loggers/index.js') as Pick<KafkaJs, 'createLogger'>;
  const { errorCodes } = modules.load('src/protocol/error.js') as Pick<KafkaJs, 'errorCodes'>;
  return {
    requests,
    Broker: modules.load('src/broker/index.js') as BrokerConstructor,
    connectionPoolBuilder: modules.load('src/cluster/connectionPoolBuilder.js') as KafkaJs['connectionPoolBuilder'],
    socketFactory: modules.load('src/network/socketFactory.js') as () => ConnectionPoolOptions['socketFactory'],
    createLogger,
    errorCodes,
    assignerProtocol: modules.load('src/consumer/assignerProtocol.js') as KafkaJs['assignerProtocol'],
    Kafka: modules.load('src/index.js') as KafkaJs['Kafka'],
  };
}
