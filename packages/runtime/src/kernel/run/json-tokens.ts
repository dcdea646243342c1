/**
 * JSON tokens (RFC 8259) in bytes, found without making anything of them. Every function takes the position where a token begins and gives the
 * position behind it, or -1 where it is none, or one that is better left to `JSON.parse`.
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
/** Deeper nesting is left to `JSON.parse`. */
const MAX_DEPTH = 32;

/** Past spaces, tabs and ends of lines. */
export function skipSpace(b: Uint8Array, p: number, end: number): number {
  while (p < end && (b[p] === 0x20 || b[p] === 0x0a || b[p] === 0x0d || b[p] === 0x09)) p++;
  return p;
}

/** From behind the opening quote to behind the closing one. */
export function skipString(b: Uint8Array, p: number, end: number): number {
  for (; p < end; p++) {
    const byte = b[p];
    if (byte === QUOTE) return p + 1;
    if (byte < 0x20) return -1;
    if (byte !== BACKSLASH) continue;
    p++;
    if (b[p] === 0x75) {
      for (let i = 1; i <= 4; i++) if (p + i >= end || !isHex(b[p + i])) return -1;
      p += 4;
    } else if (p >= end || !isEscape(b[p])) return -1;
  }
  return -1;
}

function isEscape(byte: number): boolean {
  // " \ / b f n r t
  return (
    byte === QUOTE ||
    byte === BACKSLASH ||
    byte === 0x2f ||
    byte === 0x62 ||
    byte === 0x66 ||
    byte === 0x6e ||
    byte === 0x72 ||
    byte === 0x74
  );
}

function isHex(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

/** A number, its first byte at `p`. */
export function skipNumber(b: Uint8Array, p: number, end: number): number {
  if (b[p] === 0x2d) p++;
  if (p >= end || !isDigit(b[p])) return -1;
  if (b[p] === ZERO) p++;
  else while (p < end && isDigit(b[p])) p++;
  if (p < end && b[p] === 0x2e) {
    const from = ++p;
    while (p < end && isDigit(b[p])) p++;
    if (p === from) return -1;
  }
  if (p < end && (b[p] | 0x20) === 0x65) {
    p++;
    if (p < end && (b[p] === 0x2b || b[p] === 0x2d)) p++;
    const from = p;
    while (p < end && isDigit(b[p])) p++;
    if (p === from) return -1;
  }
  return p;
}

/** `true`, `false` or `null`. */
export function skipLiteral(b: Uint8Array, p: number, end: number): number {
  const literal = b[p] === 0x74 ? TRUE : b[p] === 0x66 ? FALSE : NULL;
  if (p + literal.length > end) return -1;
  for (let i = 0; i < literal.length; i++) if (b[p + i] !== literal[i]) return -1;
  return p + literal.length;
}

const [TRUE, FALSE, NULL] = ['true', 'false', 'null'].map((text) => new TextEncoder().encode(text));

/** Any value. */
export function skipValue(b: Uint8Array, p: number, end: number, depth = 0): number {
  if (p >= end) return -1;
  switch (b[p]) {
    case QUOTE:
      return skipString(b, p + 1, end);
    case 0x7b:
      return depth === MAX_DEPTH ? -1 : skipMembers(b, p + 1, end, depth + 1, true);
    case 0x5b:
      return depth === MAX_DEPTH ? -1 : skipMembers(b, p + 1, end, depth + 1, false);
    case 0x74:
    case 0x66:
    case 0x6e:
      return skipLiteral(b, p, end);
    default:
      return skipNumber(b, p, end);
  }
}

/** What stands in an object or an array, and its closing bracket. */
function skipMembers(b: Uint8Array, p: number, end: number, depth: number, named: boolean): number {
  const close = named ? 0x7d : 0x5d;
  p = skipSpace(b, p, end);
  if (p < end && b[p] === close) return p + 1;
  for (;;) {
    if (named) {
      if (p >= end || b[p] !== QUOTE) return -1;
      p = skipString(b, p + 1, end);
      if (p < 0) return -1;
      p = skipSpace(b, p, end);
      if (p >= end || b[p] !== 0x3a) return -1;
      p = skipSpace(b, p + 1, end);
    }
    p = skipValue(b, p, end, depth);
    if (p < 0) return -1;
    p = skipSpace(b, p, end);
    if (p >= end) return -1;
    if (b[p] === close) return p + 1;
    if (b[p] !== 0x2c) return -1;
    p = skipSpace(b, p + 1, end);
  }
}

/** Whole powers of ten that doubles have exactly. */
const POWERS = Array.from({ length: 23 }, (_, i) => 10 ** i);

/**
 * The value of the number of at most 15 bytes at `b[p, end)`. Without an exponent both the digits and the power of ten are exact, and so their
 * quotient is rounded once, as `Number` rounds (W. D. Clinger, How to read floating point numbers accurately, 1990).
 */
export function numberOf(b: Uint8Array, p: number, end: number): number {
  const start = p;
  const negative = b[p] === 0x2d;
  if (negative) p++;
  let point = -1;
  let value = 0;
  for (; p < end; p++) {
    const digit = b[p] - ZERO;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
    } else if (b[p] === 0x2e) point = p;
    else return Number(String.fromCharCode(...b.subarray(start, end)));
  }
  if (point >= 0) value /= POWERS[end - point - 1];
  return negative ? -value : value;
}
