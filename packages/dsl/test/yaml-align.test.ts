import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { exprSource } from '../src/yaml/expr-source.js';
import { valueOf, type YamlScalar } from '../src/yaml/node.js';
import { parseYaml } from '../src/yaml/parse.js';

/** The file text that each character of the scalar under `x` stands for, where they are equal; `·` where they are not. */
function check(yaml: string, expected: { text: string; picks: readonly (readonly [found: string, at: string])[] }): void {
  const scalar = valueOf(parseYaml({ path: 'f', text: yaml }).root, 'x') as YamlScalar;
  expect(scalar.text).toBe(expected.text);
  const source = exprSource(scalar);
  for (const [found, at] of expected.picks) {
    const index = scalar.text.indexOf(found);
    expect(index, `${found} in the text`).toBeGreaterThanOrEqual(0);
    expect(source.at(index), found).toBe(yaml.indexOf(at));
  }
}

describe('places inside scalars', () => {
  it('plain', () =>
    check('x: a + bc', {
      text: 'a + bc',
      picks: [
        ['a', 'a'],
        ['bc', 'bc'],
      ],
    }));
  it('plain over lines', () =>
    check('x: a +\n   bc\n   - d', {
      text: 'a + bc - d',
      picks: [
        ['bc', 'bc'],
        ['d', 'd'],
      ],
    }));
  it('plain in flow', () =>
    check('{ y: 1, x: a  +  bc }', {
      text: 'a  +  bc',
      picks: [
        ['+', '+'],
        ['bc', 'bc'],
      ],
    }));
  it('single quotes', () =>
    check("x: 'it''s + bc'", {
      text: "it's + bc",
      picks: [
        ['s', 's'],
        ['bc', 'bc'],
      ],
    }));
  it('double quotes', () =>
    check('x: "a \\"q\\" \\u0041 \\x42 bc"', {
      text: 'a "q" A B bc',
      picks: [
        ['q', 'q'],
        ['A', '\\u0041'],
        ['B', '\\x42'],
        ['bc', 'bc'],
      ],
    }));
  it('escaped white space', () =>
    check('x: "a\\n b\\tc"', {
      text: 'a\n b\tc',
      picks: [
        ['b', 'b'],
        ['c', 'c'],
      ],
    }));
  it('a joined line', () => check('x: "ab\\\n  cd"', { text: 'abcd', picks: [['cd', 'cd']] }));
  it('beyond the basic plane', () =>
    check('x: "\\U0001F600 + bc 😀 d"', {
      text: '😀 + bc 😀 d',
      picks: [
        ['bc', 'bc'],
        ['d', 'd"'],
      ],
    }));
  it('folded', () =>
    check('x: >-\n  a +\n  bc\n\n  d\n', {
      text: 'a + bc\nd',
      picks: [
        ['a', 'a'],
        ['bc', 'bc'],
        ['d', 'd'],
      ],
    }));
  it('literal with a comment behind the mark', () =>
    check('x: | # why\n    a +\n      bc\n', {
      text: 'a +\n  bc\n',
      picks: [
        ['a', 'a +'],
        ['bc', 'bc'],
      ],
    }));
  it('carriage returns', () => check('x: >\r\n  a +\r\n  bc\r\n', { text: 'a + bc\n', picks: [['bc', 'bc']] }));

  it('hold for any text in any style', () => {
    const word = fc.stringMatching(/^[a-z"'\\+<😀]{1,6}$/u);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), fc.constantFrom('double', 'single', 'folded'), (words, style) => {
        const text = words.join(' ');
        const yaml =
          style === 'double'
            ? `x: ${JSON.stringify(text)}`
            : style === 'single'
              ? `x: '${text.replaceAll("'", "''")}'`
              : `x: >-\n  ${words.join('\n  ')}`;
        const scalar = valueOf(parseYaml({ path: 'f', text: yaml }).root, 'x') as YamlScalar;
        expect(scalar.text).toBe(text);
        const source = exprSource(scalar);
        for (let index = 0; index < text.length; index++) {
          const found = yaml[source.at(index)];
          if (text[index] !== ' ') expect(found === text[index] || found === '\\', `${index} of ${text}`).toBe(true);
        }
        expect(source.at(text.length)).toBeLessThanOrEqual(yaml.length);
      }),
    );
  });
});
