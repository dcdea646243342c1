/**
 * Every example of the pages runs. In a project of its own per page, with `schemas/`, from the top:
 * - a `yaml` or `ts` block whose first line is a comment with a path is that file from there on; one that begins with `pipeline:` is checked;
 * - the `$ rta …` commands of a `console` block are run, and print what the page says (times and rates aside);
 * - commands of an `sh` block are not run, but exist and have the options that they are given.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCli } from '@rta/cli';
import { afterTests } from '@rta/tools/after-tests';
import { describe, expect, it } from 'vitest';
import { commandsOf, examplesOf, isOutput, type Example } from './docs-examples.js';

const ROOT = join(import.meta.dirname, '..');
/** Those that pages read; nothing listens where they would be used. */
const SECRETS = { KAFKA_PASSWORD: 'secret', REGISTRY_PASSWORD: 'secret' };
const PAGES = ['README.md', 'ARCHITECTURE.md', ...pagesIn('docs')];

function pagesIn(directory: string): string[] {
  return readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.endsWith('.gen.md'))
    .map((file) => join(directory, file))
    .sort();
}

async function rta(args: readonly string[], cwd: string): Promise<{ code: number; printed: string }> {
  let printed = '';
  const output = { write: (text: string) => (printed += text) };
  const code = await runCli(args, { stdout: output, stderr: output, env: SECRETS, cwd, signal: new AbortController().signal });
  return { code, printed };
}

async function runExample({ language, text }: Example, project: string): Promise<void> {
  if (language === 'yaml' && text.startsWith('pipeline:')) await checkYaml(text, project);
  const path = /^(?:#|\/\/) ([\w./-]+\.(?:yaml|ts))\n/.exec(text)?.[1];
  if (path !== undefined) {
    mkdirSync(join(project, dirname(path)), { recursive: true });
    writeFileSync(join(project, path), text);
  }
  if (language === 'sh') await expectKnownCommands(text, project);
  if (language !== 'console') return;
  for (const { args, output, exitCode } of commandsOf(text)) {
    const { code, printed } = await rta(args, project);
    // The page's lines where they differ, so that a failure shows both.
    expect(isOutput(output, printed) ? output.join('\n') : printed, `rta ${args.join(' ')}`).toBe(output.join('\n'));
    expect(code, `exit code of rta ${args.join(' ')}`).toBe(exitCode);
  }
}

async function checkYaml(text: string, project: string): Promise<void> {
  writeFileSync(join(project, 'example.yaml'), text);
  const { code, printed } = await rta(['check', 'example.yaml'], project);
  rmSync(join(project, 'example.yaml'));
  expect(code, printed).toBe(0);
}

async function expectKnownCommands(text: string, project: string): Promise<void> {
  for (const [, command] of text.matchAll(/^(?:\S+=\S+ )*(?:npx -y pnpm@10 )?rta ([^#\n]+)/gm)) {
    const words = command.trim().split(/\s+/);
    const name = words.filter((word) => /^[a-z]+$/.test(word)).slice(0, ['generate', 'dlq', 'schema', 'alerts'].includes(words[0]) ? 2 : 1);
    const { code, printed } = await rta([...name, '--help'], project);
    expect(code, command).toBe(0);
    for (const option of words.filter((word) => word.startsWith('-'))) expect(printed, command).toContain(option);
  }
}

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');

  it('runs as it says', { timeout: 120_000 }, async () => {
    const examples = examplesOf(text);
    const project = mkdtempSync(join(tmpdir(), 'rta-docs-'));
    afterTests(() => {
      rmSync(project, { recursive: true, force: true });
    });
    cpSync(join(ROOT, 'schemas/user_score.avsc'), join(project, 'schemas/user_score.avsc'));
    symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
    for (const example of examples) await runExample(example, project);
  });

  it('links to what is there', () => {
    const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target]) => target);
    const there = (target: string): boolean => {
      const path = join(ROOT, dirname(page), target);
      return readdirSync(dirname(path)).includes(path.replace(/\/$/, '').split('/').at(-1) ?? '');
    };
    expect(targets.filter((target) => !there(target))).toEqual([]);
  });
});
