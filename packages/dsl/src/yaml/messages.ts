import type { Span } from '../diagnostics/diagnostic.js';
import { errorMessage, listing, quote } from '../diagnostics/message.js';
import { didYouMean } from '../expression/suggest.js';

/** The messages about YAML itself and the structure of a file. One function each. */
export const yamlMessages = {
  // ---- RTA20xx: the YAML ----
  syntax: errorMessage('RTA2001', 'The text is not YAML', (span: Span, what: string, help?: string) => ({ span, message: what, help })),
  tab: errorMessage('RTA2002', 'A tab as indentation', (span: Span) => ({
    span,
    message: 'a tab cannot indent YAML',
    help: 'indent with spaces',
  })),
  duplicateKey: errorMessage('RTA2003', 'The same key twice in one map', (span: Span, key: string, first: Span) => ({
    span,
    message: `${quote(key)} is here twice`,
    help: 'keep one of them',
    related: [{ span: first, message: 'the first one' }],
  })),
  indentation: errorMessage('RTA2004', 'The indentation does not fit', (span: Span, what: string) => ({
    span,
    message: what,
    help: 'a key has either a value on its line or nested keys below it; keys of one map start in the same column',
  })),
  tooLarge: errorMessage('RTA2005', 'The file is too large or nested too deeply', (span: Span, what: string) => ({ span, message: what })),
  unknownAnchor: errorMessage('RTA2006', 'An alias without its anchor', (span: Span, name: string, anchors: readonly string[]) => ({
    span,
    message: `${quote(`*${name}`)} is a YAML alias, and there is no anchor ${quote(`&${name}`)}`,
    help: didYouMean(name, anchors) ?? `an expression that begins with ${quote('*')} needs quotes`,
  })),
  merge: errorMessage('RTA2007', '`<<` merges maps only', (span: Span) => ({
    span,
    message: '`<<` takes a map, or a list of maps, that an anchor names',
  })),
  keyNotText: errorMessage('RTA2008', 'A key that is not a word', (span: Span) => ({
    span,
    message: 'a key must be a word, not a map or a list',
  })),
  empty: errorMessage('RTA2009', 'An empty file', (span: Span) => ({
    span,
    message: 'the file is empty',
    help: 'a pipeline has `pipeline`, `source`, `steps` and `sink`',
  })),
  documents: errorMessage('RTA2010', 'Several documents in one file', (span: Span) => ({
    span,
    message: 'a file holds one pipeline; a second document begins here',
    help: 'put it into a file of its own',
  })),
  notFormatted: errorMessage('RTA2011', 'A file that cannot be laid out anew', (span: Span) => ({
    span,
    message: 'this cannot be written in another layout without losing something, so the file stays as it is',
    help: 'write it in a plainer form of YAML',
  })),

  // ---- RTA21xx: what YAML does to expressions ----
  flowSplits: errorMessage(
    'RTA2101',
    'A comma or bracket inside `{ }` or `[ ]` splits an expression',
    (span: Span, text: string, open: string) => ({
      span,
      message: `inside ${open === '{' ? '`{ }`' : '`[ ]`'} YAML splits ${quote(shorten(text))} at its comma or bracket`,
      help: `put it into quotes, ${quote(quoted(text))}, or on a line of its own`,
    }),
  ),
  beginsWith: errorMessage('RTA2102', 'An expression that begins with a character of YAML', (span: Span, text: string) => ({
    span,
    message: `a value that begins with ${beginning(text)} is not an expression to YAML`,
    help: text.startsWith('!')
      ? `write ${quote(`not ${text.slice(1).trim()}`)}`
      : text.startsWith('`')
        ? 'names are written without backticks'
        : `put the whole of it into quotes: ${quote(quoted(text))}`,
  })),
  commentCuts: errorMessage('RTA2103', 'A ` #` cuts an expression', (span: Span, text: string) => ({
    span,
    message: 'a `#` after a space begins a YAML comment and cuts this expression',
    help: `put the whole of it into quotes: ${quote(quoted(text))}`,
  })),
  colonSplits: errorMessage('RTA2104', 'A `: ` inside an expression', (span: Span, text: string) => ({
    span,
    message: 'a colon with a space after it makes YAML read a key here',
    help: /^[^"']*\?[^"']*: /.test(text)
      ? 'there is no `? :`; write `if(condition, a, b)`'
      : `put the whole of it into quotes: ${quote(quoted(text))}, or nest it on a line of its own`,
  })),
  notAnExpression: errorMessage('RTA2105', 'A map or list where an expression is expected', (span: Span, kind: 'map' | 'seq') => ({
    span,
    message:
      kind === 'map' ? 'an expression is expected here, and this is a map' : 'an expression is expected here, and to YAML this is a list',
    help: kind === 'map' ? 'put it into quotes if it is meant as text' : 'an expression that begins with `[` needs quotes',
  })),
  quotesGone: errorMessage('RTA2106', 'YAML takes the quotes of a text', (span: Span, text: string) => ({
    span,
    message: `YAML takes these quotes away: this reads the column ${quote(text)}, and there is none`,
    help: `for the text write ${quote(`'"${text}"'`)}`,
  })),

  // ---- RTA22xx: structure ----
  unknownKey: errorMessage(
    'RTA2201',
    'A key that has no meaning here',
    (span: Span, key: string, known: readonly string[], where: string) => ({
      span,
      message: `${where} has no ${quote(key)}`,
      help: didYouMean(key, known) ?? `it can have ${listing(known, 'and', 20)}`,
    }),
  ),
  missingKey: errorMessage('RTA2202', 'A key is missing', (span: Span, key: string, where: string, help?: string) => ({
    span,
    message: `${where} needs ${quote(key)}`,
    help,
  })),
  wrongShape: errorMessage(
    'RTA2203',
    'A value of another kind is expected',
    (span: Span, where: string, expected: string, found: string) => ({
      span,
      message: `${where} must be ${expected}; this is ${found}`,
    }),
  ),
  notAllowed: errorMessage(
    'RTA2204',
    'A word that is not one of those allowed',
    (span: Span, where: string, found: string, allowed: readonly string[]) => ({
      span,
      message: `${where} cannot be ${quote(shorten(found))}`,
      help: didYouMean(found, allowed) ?? `it is ${listing(allowed)}`,
    }),
  ),
  badValue: errorMessage('RTA2205', 'A value out of its form or range', (span: Span, where: string, expected: string) => ({
    span,
    message: `${where} must be ${expected}`,
  })),
  either: errorMessage('RTA2206', 'Two keys that exclude each other', (span: Span, one: string, other: string, help?: string) => ({
    span,
    message: `${quote(one)} and ${quote(other)} exclude each other`,
    help,
  })),
  badDuration: errorMessage('RTA2207', 'Not a duration', (span: Span, where: string, found: string) => ({
    span,
    message: `${where} must be a duration; this is ${quote(shorten(found))}`,
    help: durationHelp(found),
  })),
  unsetVariable: errorMessage('RTA2208', 'An environment variable that is not set', (span: Span, name: string) => ({
    span,
    message: `the environment variable ${quote(name)} is not set`,
    help: `set it, or give a default: ${quote(`\${${name}:-value}`)}`,
  })),
  badVariable: errorMessage('RTA2209', 'A `${…}` that names no variable', (span: Span) => ({
    span,
    message: 'a `${…}` that names no variable',
    help: 'write `${NAME}` or `${NAME:-default}`; a literal dollar is `$$`',
  })),
};

/** Long texts are cut for messages. */
export function shorten(text: string, length = 60): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}

function quoted(text: string): string {
  const line = shorten(text);
  if (line.includes("'") && !/["\\]/.test(line)) return `"${line}"`;
  return `'${line.replace(/'/g, "''")}'`;
}

function beginning(text: string): string {
  const character = text[0];
  return character === '`' ? 'a backtick' : quote(character);
}

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/^(ms|millis|milliseconds?|msecs?)$/, 'ms'],
  [/^(s|secs?|seconds?)$/, 's'],
  [/^(m|mins?|minutes?)$/, 'm'],
  [/^(h|hrs?|hours?)$/, 'h'],
  [/^(d|days?)$/, 'd'],
];

/** `1 minute`, `10 Seconds`, `PT5M`, `90`: as a duration is written. */
function durationHelp(found: string): string {
  if (/^\d+$/.test(found)) return `say the unit: ${quote(`${found}s`)} or ${quote(`${found}ms`)}`;
  const iso = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/i.exec(found) as (string | undefined)[] | null;
  const parts = iso?.slice(1).map((count, i) => (count === undefined ? '' : `${count}${'dhms'[i]}`)) ?? [];
  if (parts.join('') !== '') return `write ${quote(parts.join(''))}`;
  const [, count, word] = /^(\d+)\s*([a-z]+)$/i.exec(found.trim()) ?? [];
  const unit = count === undefined ? undefined : UNITS.find(([words]) => words.test(word.toLowerCase()))?.[1];
  if (unit !== undefined) return `write ${quote(`${count}${unit}`)}`;
  const weeks = count !== undefined && /^(w|weeks?)$/i.test(word) ? ` (${count} weeks: ${quote(`${7 * Number(count)}d`)})` : '';
  return `write \`5m\`, \`1h30m\`, \`500ms\` or \`7d\`${weeks}`;
}
