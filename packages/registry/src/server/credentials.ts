import { createHash, timingSafeEqual } from 'node:crypto';

/** Who may use a registry; nobody named: everybody. */
export interface Credentials {
  /** Passwords by user. */
  readonly users?: ReadonlyMap<string, string>;
  readonly tokens?: readonly string[];
}

/** Whether an `Authorization` header is of one who may. Takes as long for a wrong secret as for a right one. */
export function isAllowed({ users = new Map(), tokens = [] }: Credentials, header: string | undefined): boolean {
  if (users.size === 0 && tokens.length === 0) return true;
  const [, scheme, value] = /^(\w+) +(\S+) *$/.exec(header ?? '') ?? [];
  if (scheme?.toLowerCase() === 'bearer') return tokens.map((token) => same(token, value)).includes(true);
  if (scheme?.toLowerCase() !== 'basic') return false;
  const [user, ...password] = Buffer.from(value, 'base64').toString('utf8').split(':');
  const expected = users.get(user);
  return same(expected ?? '', password.join(':')) && expected !== undefined;
}

function same(expected: string, given: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(expected), digest(given));
}
