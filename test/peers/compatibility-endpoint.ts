/** The compatibility endpoint of a registry with Confluent's API, asked plainly: what it says itself, without a client of ours. */
import type { CompatibilityLevel } from '@rta/registry';
import type { AvroSchema } from './schema-histories.js';

export interface CompatibilityEndpoint {
  /** Adds versions to a subject that has no level of its own. */
  register(subject: string, versions: readonly AvroSchema[]): Promise<void>;
  /** Of all subjects. */
  setLevel(level: CompatibilityLevel): Promise<void>;
  /** Whether a schema may be the next version, @param level the one that is set */
  verdict(subject: string, schema: AvroSchema, level: CompatibilityLevel): Promise<boolean>;
}

/** @param url the base of the API; its level is NONE from here on */
export function compatibilityEndpoint(url: string): CompatibilityEndpoint {
  const ask = async (method: string, path: string, body: object): Promise<Record<string, unknown>> => {
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
    const response = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body), signal: AbortSignal.timeout(60_000) });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
  const setLevel = async (level: CompatibilityLevel): Promise<void> => {
    await ask('PUT', '/config', { compatibility: level });
  };
  const ready = setLevel('NONE');
  return {
    register: async (subject, versions) => {
      await ready;
      for (const schema of versions) await ask('POST', `/subjects/${subject}/versions`, { schema: JSON.stringify(schema) });
    },
    setLevel,
    verdict: async (subject, schema, level) => {
      const which = level.endsWith('_TRANSITIVE') ? '' : '/latest';
      const path = `/compatibility/subjects/${subject}/versions${which}`;
      return (await ask('POST', path, { schema: JSON.stringify(schema) }))['is_compatible'] === true;
    },
  };
}
