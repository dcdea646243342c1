import { describe, expect, it } from 'vitest';
import { ansiToSvg } from '../src/ansi-svg.js';

describe('ansiToSvg', () => {
  const texts = (line: string): string[] => ansiToSvg([line], 'title').match(/<text .*<\/text>/g) ?? [];

  it('places each run of equal style by its column', () => {
    const [rank, bar, points] = texts(' 1 ann \u001B[36m███▌   \u001B[0m 12');
    expect(rank).toMatch(/x="24.4".*>1 ann</);
    expect(bar).toMatch(/x="74.8".*textLength="33.6".*fill="#39c5cf">███▌</);
    expect(points).toMatch(/x="142".*xml:space="preserve">12</);
  });

  it('escapes what would be markup', () => {
    expect(texts('a < b & c')).toEqual([expect.stringContaining('>a &lt; b &amp; c</text>')]);
  });

  it('is as wide as the longest line and as high as all', () => {
    expect(ansiToSvg(['12345', '', '1'], 'title')).toContain('viewBox="0 0 74 89"');
  });

  it('refuses an escape that would be lost', () => {
    expect(() => ansiToSvg(['\u001B[35mred'], 'title')).toThrow('35');
  });
});
