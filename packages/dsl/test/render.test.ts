import { describe, expect, it } from 'vitest';
import { allCodes, errorMessage, render, renderAll, toJson, warningMessage, type SourceText } from '../src/index.js';

const source: SourceText = { path: 'p.yaml', text: 'pipeline: p\nsteps:\n\t- groupBy: usr_id\n  - filter: >-\n      a ==\n      b\r\n' };
const unknown = errorMessage('RTA9001', 'a test', (start: number, end: number, help?: string) => ({
  span: { source, start, end },
  message: 'there is no column usr_id',
  help,
}));
const warn = warningMessage('RTA9002', 'a test', (start: number) => ({
  span: { source, start, end: start + 1 },
  message: 'hm',
  related: [{ span: { source, start: 0, end: 8 }, message: 'because of this' }],
}));
const at = source.text.indexOf('usr_id');

describe('render', () => {
  it('shows the place, the line above, carets and help', () => {
    expect(render(unknown(at, at + 6, 'did you mean user_id?'))).toBe(
      [
        'p.yaml:3:13: error RTA9001: there is no column usr_id',
        '   2 | steps:',
        '   3 |  - groupBy: usr_id',
        '     |             ^^^^^^',
        'help: did you mean user_id?',
      ].join('\n'),
    );
  });

  it('marks the first line of a place that goes over several', () => {
    const start = source.text.indexOf('a ==');
    expect(
      render(unknown(start, source.text.indexOf('b\r') + 1))
        .split('\n')
        .at(-1),
    ).toBe('     |       ^^^^');
  });

  it('marks something at the end of the file', () => {
    expect(render(unknown(source.text.length, source.text.length)).split('\n').slice(1)).toEqual(['   6 |       b', '   7 |', '     | ^']);
  });

  it('shows related places', () => {
    expect(render(warn(at))).toBe(
      [
        'p.yaml:3:13: warning RTA9002: hm',
        '   2 | steps:',
        '   3 |  - groupBy: usr_id',
        '     |             ^',
        'note: p.yaml:1:1: because of this',
        '   1 | pipeline: p',
        '     | ^^^^^^^^',
      ].join('\n'),
    );
  });

  it('cuts long lines around the place', () => {
    const long: SourceText = { path: 'l', text: `${'x'.repeat(500)}HERE${'y'.repeat(500)}` };
    const lines = render({ ...unknown(0, 0), span: { source: long, start: 500, end: 504 } }).split('\n');
    expect(lines[1].length).toBeLessThan(180);
    const caret = lines[2].indexOf('^');
    expect(lines[1].slice(caret, caret + 4)).toBe('HERE');
  });

  it('colours on request only', () => {
    expect(render(unknown(at, at + 6), { colour: true })).toContain('\u001B[31;1merror RTA9001\u001B[0m');
    expect(render(unknown(at, at + 6))).not.toContain('\u001B');
  });

  it('counts, sorts by place and leaves doubles out', () => {
    const text = renderAll([unknown(at, at + 6), warn(0), unknown(at, at + 6)]);
    expect(text.indexOf('RTA9002')).toBeLessThan(text.indexOf('RTA9001'));
    expect(text.split('\n').at(-1)).toBe('1 error, 1 warning');
    expect(renderAll([])).toBe('');
  });

  it('gives plain data', () => {
    expect(toJson(unknown(at, at + 6))).toEqual({
      code: 'RTA9001',
      severity: 'error',
      message: 'there is no column usr_id',
      path: 'p.yaml',
      start: { line: 3, column: 13 },
      end: { line: 3, column: 19 },
    });
    expect(toJson(warn(at)).related).toEqual([
      { path: 'p.yaml', start: { line: 1, column: 1 }, end: { line: 1, column: 9 }, message: 'because of this' },
    ]);
  });
});

describe('codes', () => {
  it('are each used once, and have a title', () => {
    const codes = allCodes();
    expect(codes.length).toBeGreaterThan(60);
    expect(new Set(codes.map(({ code }) => code)).size).toBe(codes.length);
    for (const { code, title } of codes) expect(`${code} ${title}`).toMatch(/^RTA[1-4]\d{3} \S.*$/);
  });
});
