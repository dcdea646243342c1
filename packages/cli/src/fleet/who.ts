import { hostname, userInfo } from 'node:os';

/** Who changes what is deployed, for people: `ada@build-7`. */
export function whoChanges(): string {
  let user = 'unknown';
  try {
    user = userInfo().username;
  } catch {
    // Containers may run as a user without a name.
  }
  return `${user}@${hostname()}`;
}
