/** Which request is for which handler. */

/** A request whose path has been taken apart. */
export interface ApiRequest {
  /** The parts of the path that the route names, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined: there was none. */
  readonly body: unknown;
}

/** Resolves to the JSON of the answer. */
export type Handler = (request: ApiRequest) => Promise<unknown>;

/** By `METHOD /path/:param`. */
export type Routes = Readonly<Record<string, Handler>>;

/** The handler of a request and the params of its path; the methods that the path has where it lacks this one; null: no such path. */
export function routeOf(
  routes: Routes,
  method: string,
  path: string,
): { readonly handler: Handler; readonly params: Readonly<Record<string, string>> } | { readonly allowed: readonly string[] } | null {
  const parts = path.split('/').filter((part) => part !== '');
  const allowed: string[] = [];
  for (const [route, handler] of Object.entries(routes)) {
    const [routeMethod, pattern] = route.split(' ');
    const params = match(pattern.split('/').filter((part) => part !== ''), parts); // prettier-ignore
    if (params === null) continue;
    if (routeMethod === method) return { handler, params };
    allowed.push(routeMethod);
  }
  return allowed.length > 0 ? { allowed } : null;
}

function match(pattern: readonly string[], parts: readonly string[]): Record<string, string> | null {
  if (pattern.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [i, each] of pattern.entries()) {
    if (!each.startsWith(':')) {
      if (each !== parts[i]) return null;
      continue;
    }
    try {
      params[each.slice(1)] = decodeURIComponent(parts[i]);
    } catch {
      return null;
    }
  }
  return params;
}
