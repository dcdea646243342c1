/** Parameters of requests, checked. */
import { listing, parseTime } from '@rta/dsl';
import { Refused } from './refused.js';

/** Nobody has to know of these: the token, and that only what is in this process is asked for. */
const OWN: readonly string[] = ['access_token', 'here'];

/** What stands behind `?`. @throws Refused for a name that is not there, or there twice */
export function optionsOf<Name extends string>(query: unknown, names: readonly Name[]): Readonly<Partial<Record<Name, string>>> {
  for (const [name, value] of Object.entries(query as Readonly<Record<string, unknown>>)) {
    if (OWN.includes(name)) continue;
    if (!(names as readonly string[]).includes(name))
      throw new Refused(
        400,
        'unknown_parameter',
        `there is no ${name}; there is ${listing(
          names.filter((known) => !OWN.includes(known)),
          'and',
        )}`,
      );
    if (typeof value !== 'string') throw new Refused(400, 'twice', `${name} is there twice`);
  }
  return query as Readonly<Partial<Record<Name, string>>>;
}

/** A part of the path. */
export function optionOf(parameters: unknown, name: string): string {
  return (parameters as Readonly<Record<string, string>>)[name];
}

/** ms since the epoch. @throws Refused for what is no time */
export function timeOf(name: string, text: string): number {
  const time = /^\d{5,}$/.test(text) ? Number(text) : parseTime(text);
  if (time === null || !Number.isFinite(time)) throw new Refused(400, 'bad_time', `${name} is a time such as 2026-01-31T12:00:00Z, or in ms since the epoch`); // prettier-ignore
  return time;
}

/** @throws Refused for what is no whole number from `least` to `most` */
export function wholeOf(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least || number > most || text.trim() === '')
    throw new Refused(400, `bad_${name}`, `${name} is a whole number from ${least} to ${most}`);
  return number;
}
