/** The compatibility endpoint of a registry with Confluent's API, asked plainly: what it says itself, without a client of ours. */
import { COMPATIBILITY_LEVELS, type CompatibilityLevel } from '@rta/registry';
import type { AvroSchema } from './schema-histories.js';

export interface Endpoint {
  /** The base of its API. */
  readonly url: string;
}

/**
 * Its verdict on the last of a history as the next version under a level. The others are registered with the first level that is asked for.
 *
 * @param level asked in the order of COMPATIBILITY_LEVELS
 */
export async function askEndpoint(
  { url }: Endpoint,
  subject: string,
  history: readonly AvroSchema[],
  level: CompatibilityLevel,
): Promise<boolean> {
  // prettier-ignore
  const ask = async (method: string, path: string, body: object): Promise<Record<string, unknown>> => {
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
    const response = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body), signal: AbortSignal.timeout(20_000) });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
  await ask('PUT', `/config/${subject}`, { compatibility: level });
  if (level === COMPATIBILITY_LEVELS[0])
    for (const schema of history.slice(0, -1)) await ask('POST', `/subjects/${subject}/versions`, { schema: JSON.stringify(schema) });
  const which = level.endsWith('_TRANSITIVE') ? '' : '/latest';
  const body = { schema: JSON.stringify(history[history.length - 1]) };
  return (await ask('POST', `/compatibility/subjects/${subject}/versions${which}`, body))['is_compatible'] === true;
}
