import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { nullable, STRING } from '../../types/lattice.js';
import { ExpressionError } from '../typed.js';
import { defineFunction, type FunctionSpec, type Overload } from './spec.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that bytes are in UTF-8, or null if they are none. */
function textOf(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

function bufferOf(x: string | Uint8Array): Buffer {
  return typeof x === 'string' ? Buffer.from(x) : Buffer.from(x.buffer, x.byteOffset, x.byteLength);
}

/** A function of the bytes of a text or of bytes. */
function ofBytes(name: string, run: (x: string | Uint8Array) => string): Overload[] {
  return [
    { params: ['text'], returns: STRING, run },
    { params: ['bytes'], returns: STRING, fn: `${name}_bytes`, run },
  ];
}

/** Reads both alphabets, with or without padding. */
function fromBase64(text: string): string | null {
  const digits = text.replace(/={1,2}$/, '');
  return /^[A-Za-z0-9+/_-]*$/.test(digits) && digits.length % 4 !== 1 ? textOf(Buffer.from(digits, 'base64')) : null;
}

function fromHex(text: string): string | null {
  return text.length % 2 === 0 && /^[0-9A-Fa-f]*$/.test(text) ? textOf(Buffer.from(text, 'hex')) : null;
}

function urlEncode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    throw new ExpressionError('domain', 'a text with half a surrogate pair has no bytes');
  }
}

/** The text behind `%20` and `+`, or null if it is malformed. */
export function urlDecode(text: string): string | null {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

export const encodingFunctions: readonly FunctionSpec[] = [
  defineFunction(
    {
      name: 'md5',
      signature: 'md5(x)',
      summary: 'the MD5 hash of a text (its UTF-8) or of bytes, as 32 hexadecimal digits',
      doc: 'For checksums only: it keeps no secret.',
      examples: [{ expression: 'md5("abc")', value: '900150983cd24fb0d6963f7d28e17f72' }],
    },
    ofBytes('md5', (x) => createHash('md5').update(x).digest('hex')),
  ),
  defineFunction(
    {
      name: 'sha256',
      signature: 'sha256(x)',
      summary: 'the SHA-256 hash of a text (its UTF-8) or of bytes, as 64 hexadecimal digits',
      doc: '',
      examples: [{ expression: 'left(sha256("abc"), 16)', value: 'ba7816bf8f01cfea' }],
    },
    ofBytes('sha256', (x) => createHash('sha256').update(x).digest('hex')),
  ),
  defineFunction(
    {
      name: 'toBase64',
      signature: 'toBase64(x)',
      summary: 'a text (its UTF-8) or bytes in Base64',
      doc: '',
      examples: [{ expression: 'toBase64("né?")', value: 'bsOpPw==' }],
    },
    ofBytes('toBase64', (x) => bufferOf(x).toString('base64')),
  ),
  defineFunction(
    {
      name: 'fromBase64',
      signature: 'fromBase64(text)',
      summary: 'the text that is written in Base64',
      doc: 'In the alphabet of URLs too, and without padding. Null if it is malformed, or no UTF-8.',
      examples: [
        { expression: 'fromBase64("bsOpPw==")', value: 'né?' },
        { expression: 'fromBase64("%")', value: null },
      ],
    },
    [{ params: ['text'], returns: nullable(STRING), run: fromBase64 }],
  ),
  defineFunction(
    {
      name: 'toHex',
      signature: 'toHex(x)',
      summary: 'the bytes of a text (its UTF-8), or bytes, as hexadecimal digits',
      doc: '',
      examples: [{ expression: 'toHex("né")', value: '6ec3a9' }],
    },
    ofBytes('toHex', (x) => bufferOf(x).toString('hex')),
  ),
  defineFunction(
    {
      name: 'fromHex',
      signature: 'fromHex(text)',
      summary: 'the text whose bytes are written as hexadecimal digits',
      doc: 'Null if it is malformed, or no UTF-8.',
      examples: [
        { expression: 'fromHex("6EC3A9")', value: 'né' },
        { expression: 'fromHex("ff")', value: null },
      ],
    },
    [{ params: ['text'], returns: nullable(STRING), run: fromHex }],
  ),
  defineFunction(
    {
      name: 'urlEncode',
      signature: 'urlEncode(text)',
      summary: 'the text as a part of a URL',
      doc: '',
      examples: [{ expression: 'urlEncode("a b&c")', value: 'a%20b%26c' }],
    },
    [{ params: ['text'], returns: STRING, run: urlEncode }],
  ),
  defineFunction(
    {
      name: 'urlDecode',
      signature: 'urlDecode(text)',
      summary: 'the text that a part of a URL stands for',
      doc: '`+` is a space, as forms have it. Null if it is malformed.',
      examples: [
        { expression: 'urlDecode("a%20b+c")', value: 'a b c' },
        { expression: 'urlDecode("50%")', value: null },
      ],
    },
    [{ params: ['text'], returns: nullable(STRING), run: urlDecode }],
  ),
];
