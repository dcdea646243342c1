import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** What git tracks or would track; whatever is ignored is nobody else's business. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)) && statSync(join(ROOT, file)).isFile());

const texts = files.map((file) => ({ file, content: readFileSync(join(ROOT, file)) })).filter(({ content }) => !content.includes(0));

/** A path that begins in somebody's folder: true on one machine only. */
const MACHINE_PATH = /(?<![\w.\-/:}])\/(?:root|work|home\/[\w.-]+|Users\/[\w.-]+)\/[\w.-]+/;

/** Package registries: which one is used is the installation's own setting. Written so that this file does not name one itself. */
const REGISTRY_HOST = new RegExp(
  [
    'registry\\.(?:npmjs|yarnpkg)\\.',
    'repo1?\\.maven\\.(?:org|apache)',
    'pypi\\.' + 'org',
    'files\\.pythonhosted\\.',
    'crates\\.' + 'io',
    'proxy\\.golang\\.',
    '(?:deb|security|archive)\\.(?:debian|ubuntu)\\.',
  ].join('|'),
);

function linesThatMatch(pattern: RegExp): string[] {
  return texts.flatMap(({ file, content }) =>
    content
      .toString('utf8')
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim().slice(0, 120)}`] : [])),
  );
}

describe('what is in the repository', () => {
  test('the scan sees files', () => {
    expect(files).toContain('package.json');
  });

  test('no path of somebody’s machine', () => {
    expect(linesThatMatch(MACHINE_PATH)).toEqual([]);
  });

  test('no package registry’s host', () => {
    expect(linesThatMatch(REGISTRY_HOST)).toEqual([]);
  });

  test('the lock file says what, not from where', () => {
    expect(readFileSync(join(ROOT, 'pnpm-lock.yaml'), 'utf8')).not.toMatch(/https?:\/\//);
  });

  test('what a program has written is named so', () => {
    const says = /^\W*(?:@generated|generated (?:by|from)\b|.*do not edit)/im;
    const unnamed = texts
      .filter(({ file, content }) => !/\.gen\.[^/]+$/.test(file) && says.test(content.subarray(0, 300).toString('utf8')))
      .map(({ file }) => file);
    expect(unnamed).toEqual([]);
  });

  test('nothing that is built, installed or logged', () => {
    expect(files.filter((file) => /(^|\/)(dist|node_modules|\.rta|\.cache)\/|\.(tsbuildinfo|log)$/.test(file))).toEqual([]);
  });

  test('only a few files are large', () => {
    expect(files.filter((file) => statSync(join(ROOT, file)).size > 2 * 1024 * 1024)).toEqual([]);
  });
});
