/** What a view asks the server, beside what `/console/live` tells. */
import { useEffect, useState } from 'preact/hooks';

/**
 * The answer to a question; a token that the page was asked with goes along. Rejects with Error, whose message is the server's own where it says
 * one.
 *
 * @param path `/query/top-teams/teams`
 * @param parameters those that are undefined or empty are left out
 * @param posted is sent as JSON, with POST; undefined: it is a GET
 */
export async function ask<T>(path: string, parameters: Readonly<Record<string, string | undefined>> = {}, posted?: Posted): Promise<T> {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined && value !== '') query.set(name, value);
  const answer = await fetch(`${path}?${query.toString()}`, posted === undefined ? {} : requestOf(posted));
  if (answer.ok) return (await answer.json()) as T;
  const said = (await answer.json().catch(() => ({}))) as { readonly message?: string };
  throw new Error(said.message ?? `the server answers ${answer.status}`);
}

interface Posted {
  readonly body: unknown;
  /** For what changes something. */
  readonly token?: string;
}

function requestOf({ body, token }: Posted): RequestInit {
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }),
  };
  return { method: 'POST', headers, body: JSON.stringify(body) };
}

interface Answered<T> {
  /** Null: none has come yet; the last one stays while the next is on its way. */
  readonly answer: T | null;
  /** What the server says in place of an answer. */
  readonly problem: string | null;
  readonly isAsking: boolean;
}

/**
 * Asks once, and again whenever `path`, `parameters` or `turn` are others. Of an answer that comes after the next question nothing is shown.
 *
 * @param path null: nothing is asked
 */
export function useAnswer<T>(
  path: string | null,
  parameters: Readonly<Record<string, string | undefined>> = {},
  turn: unknown = 0,
): Answered<T> {
  const [found, setFound] = useState<Answered<T> & { readonly path: string | null }>({
    answer: null,
    problem: null,
    isAsking: path !== null,
    path,
  });
  useEffect(() => {
    if (path === null) return;
    let isWanted = true;
    const become = (answered: Partial<Answered<T>>): void => {
      if (isWanted)
        setFound((before) => ({ answer: before.path === path ? before.answer : null, problem: null, isAsking: false, path, ...answered }));
    };
    become({ isAsking: true });
    ask<T>(path, parameters).then(
      (answer) => become({ answer }),
      (error: unknown) => become({ answer: null, problem: (error as Error).message }),
    );
    return () => {
      isWanted = false;
    };
  }, [path, JSON.stringify(parameters), turn]);
  return found.path === path ? found : { answer: null, problem: null, isAsking: path !== null };
}
