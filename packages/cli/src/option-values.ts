/** What options of generators say, or commander's error for a wrong command line. */
import { DURATION_FORM, parseDuration } from '@rta/dsl';
import { InvalidArgumentError } from 'commander';

/** A whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(number) || number < least) throw new InvalidArgumentError(`It must be a whole number from ${least} on.`);
    return number;
  };
}

/** A TCP port; 0: a free one. */
export function portOf(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError('It must be a port: a number from 0 to 65535.');
  return port;
}

/** A number that is not negative. */
export function rateOf(text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(number) || number < 0) throw new InvalidArgumentError('It must be events a second: a number from 0 on.');
  return number;
}

/** ms of a duration literal. */
export function durationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError(`A duration looks like ${DURATION_FORM}.`);
  return ms;
}

const SIZE_UNITS: Readonly<Record<string, number>> = { MiB: 2 ** 20, GiB: 2 ** 30, MB: 1e6, GB: 1e9 };
const LEAST_SIZE = 2 ** 20;

/** Bytes of a size: `512MiB`, `1.5GB`. */
export function sizeOf(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([MG]i?B)$/.exec(text) ?? [];
  const bytes = Math.floor(Number(digits) * (SIZE_UNITS[unit] ?? Number.NaN));
  if (!(bytes >= LEAST_SIZE && bytes <= Number.MAX_SAFE_INTEGER))
    throw new InvalidArgumentError('A size looks like 512MiB or 1.5GB, and is 1MiB at least.');
  return bytes;
}

/** ms since the epoch of an ISO 8601 time with a zone, or of ms since the epoch. */
export function timeOf(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) : /(Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isFinite(ms))
    throw new InvalidArgumentError('A time looks like 2026-01-31T12:00:00Z, or is in milliseconds since the epoch.');
  return ms;
}

/** Where to listen: `8080` is this machine only, `0.0.0.0:8080` and `[::]:8080` everybody's. */
export function httpAddressOf(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:]+)\]:|([^\s:/[\]]+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined) throw new InvalidArgumentError('It must be a port, or host:port.');
  return { host: bracketed ?? plain ?? '127.0.0.1', port: portOf(port) };
}

/** Whether only this machine reaches what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}
