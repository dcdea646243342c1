/** Asks the HTTP side of an rta that runs. */
import type { CliContext } from '../context.js';
import { Failure } from '../failure.js';

/**
 * What it answers, as JSON. Rejects with Failure: `unavailable` where nothing answers, else with the code of the answer.
 *
 * @param url such as `http://localhost:8080`
 * @param path from `/` on
 * @param body sent as JSON; not there: GET
 */
export async function fromServer<T>({ env, signal }: CliContext, url: string, path: string, body?: object): Promise<T> {
  const token = tokenOf({ env });
  const headers: Readonly<Record<string, string>> = {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${url.replace(/\/$/, '')}${path}`, { signal, headers, ...sent }).catch((error: unknown) => {
    throw new Failure('unavailable', `${url} cannot be asked: ${(error as Error).message}`, undefined, { cause: error });
  });
  const answer = (await response.json().catch(() => ({}))) as { readonly error?: string; readonly message?: string };
  if (!response.ok) throw new Failure(answer.error ?? 'refused', answer.message ?? `${url} answers ${response.status}`);
  return answer as unknown as T;
}

/** What queries are asked with; null: nothing. */
export function tokenOf({ env }: Pick<CliContext, 'env'>): string | null {
  const token = env['RTA_HTTP_TOKEN'] ?? '';
  return token === '' ? null : token;
}
