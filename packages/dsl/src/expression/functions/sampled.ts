import type { Value } from '../../types/type.js';

const TWO_32 = 2 ** 32;

/**
 * Whether a key is in a sample: what `sample` compiles to; no function that expressions can name. The key's hash decides, so equal keys are
 * in or out together, everywhere and always, and a smaller sample is part of a larger one.
 *
 * @param share from 0 to 1
 * @param key values of scalar types that are not null
 */
export function sampled(share: number, ...key: readonly Value[]): boolean {
  let hash = 0x811c9dc5;
  // FNV-1a (Fowler, Noll, Vo) over the UTF-16 units of the values' texts, finished as MurmurHash3 does.
  for (const value of key) {
    const text = value instanceof Uint8Array ? value.join() : typeof value === 'object' ? '' : value.toString();
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ 0xffff, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0 < share * TWO_32;
}
