/** Texts from bytes. */
import { isUtf8 } from 'node:buffer';

const CACHE_SLOTS = 4096;
/** Longer texts are decoded each time. */
const MAX_CACHED = 40;

/** A byte order mark is a character like others. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const cached: string[] = new Array<string>(CACHE_SLOTS).fill('');

/**
 * UTF-8 to a string; what is no UTF-8 becomes U+FFFD. Short ASCII texts, of which most columns have a few over and over, come from a small
 * direct-mapped cache: comparing with the text found costs less than making a new one.
 */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length > MAX_CACHED) return decoder.decode(bytes.subarray(start, end));
  if (length === 0) return '';
  const slot = (Math.imul(bytes[start] + (bytes[end - 1] << 8) + (bytes[start + (length >> 1)] << 16), 0x9e3779b1) >>> 20) ^ length;
  const candidate = cached[slot & (CACHE_SLOTS - 1)];
  if (candidate.length === length) {
    let i = 0;
    while (i < length && candidate.charCodeAt(i) === bytes[start + i]) i++;
    if (i === length) return candidate;
  }
  let ascii = true;
  for (let i = start; i < end; i++) {
    if (bytes[i] > 127) {
      ascii = false;
      break;
    }
  }
  if (!ascii) return decoder.decode(bytes.subarray(start, end));
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]);
  cached[slot & (CACHE_SLOTS - 1)] = text;
  return text;
}

const encoder = new TextEncoder();

/** The buffer itself where `bytes[start, end)` is UTF-8, else a new one of that range with U+FFFD for what is none. */
export function wellFormed(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const text = bytes.subarray(start, end);
  return isUtf8(text) ? bytes : encoder.encode(decoder.decode(text));
}

const SURROGATE = /\p{Surrogate}/gu;

/** Halves of characters, which JSON can write, become U+FFFD: no UTF-8 has them. */
export function wellFormedText(text: string): string {
  return text.replace(SURROGATE, '\ufffd');
}

export function equalBytes(a: Uint8Array, aStart: number, aEnd: number, b: Uint8Array, bStart: number, bEnd: number): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false;
  for (let i = aStart, j = bStart; i < aEnd; i++, j++) if (a[i] !== b[j]) return false;
  return true;
}
