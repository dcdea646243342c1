import { describe, expect, it } from 'vitest';
import type { YamlNode } from '../src/yaml/node.js';
import { parseYaml } from '../src/yaml/parse.js';
import { oneLine } from './compile-file.js';

function plain(node: YamlNode | null): unknown {
  if (node === null) return null;
  if (node.kind === 'seq') return node.items.map(plain);
  if (node.kind === 'map') return Object.fromEntries(node.entries.map((entry) => [entry.key, plain(entry.value)]));
  return node.style === 'empty' ? null : node.text;
}

function check(yaml: string, expected: unknown, ...diagnostics: string[]): void {
  const file = parseYaml({ path: 'f', text: yaml });
  expect(file.diagnostics.map((diagnostic) => oneLine(diagnostic).split(' ', 2).join(' '))).toEqual(diagnostics);
  expect(plain(file.root)).toEqual(expected);
}

describe('YAML', () => {
  it('keeps scalars as they are written', () =>
    check('a: no\nb: 007\nc: 12:00:10\nd: 9007199254740993\ne: 1.50\nf:\ng: "null"', {
      a: 'no',
      b: '007',
      c: '12:00:10',
      d: '9007199254740993',
      e: '1.50',
      f: null,
      g: 'null',
    }));
  it('resolves aliases and merges', () =>
    check('a: &x { p: 1, q: 2 }\nb: { <<: *x, q: 3 }\nc:\n  <<: [*x, { r: 4 }]\nd: *x', {
      a: { p: '1', q: '2' },
      b: { q: '3', p: '1' },
      c: { p: '1', q: '2', r: '4' },
      d: { p: '1', q: '2' },
    }));
  it('has a word for an anchor that contains itself', () => check('a: &x [*x]', { a: [''] }, 'RTA2006 1:8'));
  it('reports a key twice, and goes on', () => check('a: 1\nb: 2\na: 3', { a: '1', b: '2' }, 'RTA2003 3:1'));
  it('puts calls in flow maps together again', () =>
    check(
      '{ a: max(x, y), b: [f(1, 2) desc, z], c: 3 }',
      { a: 'max(x, y)', b: ['f(1, 2) desc', 'z'], c: '3' },
      'RTA2101 1:6',
      'RTA2101 1:21',
    ));
  it('puts lists and texts in flow maps together again', () =>
    check(
      'a: { b: x in [1, 2], c: y == "p, q" }\nd: 1',
      { a: { b: 'x in [1, 2]', c: 'y == "p, q"' }, d: '1' },
      'RTA2101 1:9',
      'RTA2101 1:25',
    ));
  it('reads flow collections over several lines', () =>
    check('by: { a: f(x, y),\n      b: g(x, z) }', { by: { a: 'f(x, y)', b: 'g(x, z)' } }, 'RTA2101 1:10', 'RTA2101 2:10'));
  it('leaves what only looks like a trap alone', () =>
    check('a: { b: "max(x, y)", c: [x, y], d: { e: 1 } }\nf: "a # b"\ng: >-\n  [1] "x\nh: a#b # a comment (', {
      a: { b: 'max(x, y)', c: ['x', 'y'], d: { e: '1' } },
      f: 'a # b',
      g: '[1] "x',
      h: 'a#b',
    }));
  it('stops at what cannot be read', () => check('a: [1, 2\nb: 3', null, 'RTA2001 2:1'));
  it.each([
    ['brackets', '['.repeat(5000)],
    ['closed brackets', `${'{a: '.repeat(70)}${'}'.repeat(70)}`],
    ['dashes', '- '.repeat(5000)],
    ['question marks', '? '.repeat(5000)],
    ['keys on a line', 'a: '.repeat(5000)],
    ['indentation', Array.from({ length: 3000 }, (_, index) => `${' '.repeat(index)}a:`).join('\n')],
  ])('bounds depth: %s', (_, text) => {
    const file = parseYaml({ path: 'f', text });
    expect(file.diagnostics.map((diagnostic) => diagnostic.code)).toEqual(['RTA2005']);
  });
  it('bounds what aliases expand to', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    check(lines.join('\n'), null, 'RTA2005 1:1');
  });
  it('bounds length', () => check(`a: ${'x'.repeat(1_000_001)}`, null, 'RTA2005 1:1'));
});
