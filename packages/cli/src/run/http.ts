/** The HTTP side of a run. */
import { messageOf } from '@rta/dsl/message-of';
import { hostname } from 'node:os';
import type { Plan, ProjectFile } from '@rta/dsl';
import { topicSpec } from '@rta/runtime';
import type { CollectTarget, DeliveryWatch, HttpSide, ServedPipeline } from '@rta/serve';
import type { Backend } from '../backend/backend.js';
import type { CliContext } from '../context.js';
import { Failure, UsageError } from '../failure.js';
import { httpAddressOf, isLoopback } from '../option-values.js';
import type { ConsoleFeed } from './console/console-feed.js';
import type { OlapDoor } from './olap-door.js';

export interface HttpAddress {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

/** What a run serves, and to whom. */
export interface HttpSettings extends HttpAddress {
  readonly token: string | null;
  /** What requests that change something ask for; null: nobody may. */
  readonly writeToken: string | null;
  /** Where other processes find this one; null: nowhere, since the port is not known before. */
  readonly address: string | null;
  /** `collect:` of rta.yaml; null: there is none. */
  readonly collect: DeclaredCollect | null;
}

/** As rta.yaml may say it. */
export interface DeclaredCollect {
  readonly source: string;
  readonly path?: string;
  readonly rejects?: string;
  readonly origins?: string | readonly string[];
  readonly rate?: number;
}

/**
 * Null: nothing is served.
 *
 * @param given as the command line says, before rta.yaml
 * @throws UsageError where other machines would reach what has no token, or rta.yaml says no address
 */
export function httpSettings(context: CliContext, given: HttpAddress | undefined, project: ProjectFile | null): HttpSettings | null {
  const {
    listen,
    token: declared,
    writeToken: declaredForWrites,
    advertise,
    collect,
  } = (project?.http ?? {}) as {
    listen?: string | number;
    token?: string;
    writeToken?: string;
    advertise?: string;
    collect?: DeclaredCollect;
  };
  const at = given ?? (listen === undefined ? undefined : addressIn(String(listen)));
  if (at === undefined) return null;
  const token = declared ?? context.env['RTA_HTTP_TOKEN'] ?? '';
  if (!isLoopback(at.host) && token === '')
    throw new UsageError(
      `${at.host} is reached from other machines: queries need a token, RTA_HTTP_TOKEN or \`http: { token }\` in rta.yaml`,
    );
  const address = advertise?.replace(/\/$/, '') ?? (at.port === 0 ? null : `http://${nameOf(at.host)}:${at.port}`);
  const writeToken = declaredForWrites ?? context.env['RTA_HTTP_WRITE_TOKEN'] ?? '';
  return {
    ...at,
    token: token === '' ? null : token,
    writeToken: writeToken === '' ? null : writeToken,
    address,
    collect: collect ?? null,
  };
}

/** What others call this machine, where it listens at all of its addresses. */
function nameOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return hostname();
  return host.includes(':') ? `[${host}]` : host;
}

function addressIn(text: string): HttpAddress {
  try {
    return httpAddressOf(text);
  } catch {
    throw new UsageError(`\`http: { listen }\` of rta.yaml is a port, or host:port; got ${JSON.stringify(text)}`);
  }
}

interface HttpParts {
  readonly feed: ConsoleFeed;
  readonly door: OlapDoor;
  readonly deliveries: DeliveryWatch;
  /** Names of pipelines that are to run here too, and do not yet. */
  readonly waiting?: () => readonly string[];
  /** Where `collect:` writes, as of now; default: to the source as the pipelines have it that there are. */
  readonly target?: () => CollectTarget | null;
}

/**
 * Rejects with Failure `cannot_listen`, `unknown_source` and `unsupported_source`, and as log and registry do.
 *
 * @param pipelines those that are in it when somebody asks
 */
export async function openHttp(
  warn: (message: string) => void,
  settings: HttpSettings,
  backend: Backend,
  pipelines: readonly ServedPipeline[],
  { feed, door, deliveries, waiting, target }: HttpParts,
): Promise<HttpSide> {
  const { host, port, token, writeToken, address, collect } = settings;
  // Most commands never need it.
  const { serveHttp } = await import('@rta/serve');
  const plans = pipelines.map(({ plan }) => plan);
  const fixed = collect === null || target !== undefined ? null : await collectTarget(collect, backend, plans);
  return serveHttp({
    host,
    port,
    token,
    writeToken,
    console: feed,
    sql: () => door.store,
    deliveries,
    address,
    log: backend.log,
    registry: backend.registry,
    pipelines,
    ...(waiting === undefined ? {} : { waiting }),
    collect:
      collect === null
        ? null
        : {
            path: collect.path ?? '/analytics/collect',
            target: target ?? (() => fixed),
            origins: collect.origins === undefined ? null : [collect.origins].flat(),
            rate: collect.rate ?? null,
          },
    onError: (error) => {
      warn(`http: ${messageOf(error)}`);
    },
  }).catch((error: unknown) => {
    const { code, message, syscall } = error as NodeJS.ErrnoException;
    if (syscall !== 'listen') throw error;
    throw new Failure('cannot_listen', `http: ${message}`, code === 'EADDRINUSE' ? 'another port, or 0 for a free one' : undefined, {
      cause: error,
    });
  });
}

/** Rejects with Failure `unknown_source` and `unsupported_source`, and as log and registry do. */
export async function collectTarget(declared: DeclaredCollect, backend: Backend, plans: readonly Plan[]): Promise<CollectTarget> {
  const { source: name, rejects } = declared;
  const source = plans.flatMap((plan) => plan.sources).find((each) => each.name === name);
  if (source === undefined)
    throw new Failure('unknown_source', `\`collect:\` of rta.yaml: no pipeline that is run reads the source ${name}`);
  const { topic, format, key, keyFormat, keyAdds } = source;
  if (format !== 'avro' && format !== 'json')
    throw new Failure('unsupported_source', `\`collect:\` of rta.yaml: events are JSON or Avro; ${name} is ${format}`);
  if (key !== null && (key.length > 1 || keyFormat !== 'string' || keyAdds.length > 0))
    throw new Failure('unsupported_source', `\`collect:\` of rta.yaml: the key of ${name} is not one field of its events as plain text`);
  const schemaId = format === 'avro' ? await backend.registry.register(`${topic}-value`, source.schema) : null;
  const declaredTopics = plans.flatMap((plan) => plan.topics);
  if (rejects !== undefined) {
    const spec = topicSpec(rejects, declaredTopics.find((each) => each.name === rejects), { partitions: 1, compacted: false }); // prettier-ignore
    if (!(await backend.log.topics()).some((each) => each.name === rejects)) await backend.log.ensureTopics([spec]);
  }
  const partitions = new Map((await backend.log.topics()).map((each) => [each.name, each.partitions]));
  return {
    source,
    schemaId,
    partitions: partitions.get(topic)!,
    rejects: rejects === undefined ? null : { topic: rejects, partitions: partitions.get(rejects)! },
  };
}
