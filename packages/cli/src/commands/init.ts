import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Option } from 'commander';
import type { Action } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { projectFiles, TEMPLATES } from '../init/templates.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { shown } from '../project/load.js';
import { VERSION } from '../version.js';

interface InitOptions {
  readonly template: string;
  readonly json?: boolean;
}

export const addInit: AddCommand = (program, act) => {
  program
    .command('init')
    .description('Makes a project: a pipeline with its tests, schema, rta.yaml, and what a CI needs to check, plan and deploy it')
    .argument('[dir]', 'where to; made if it is not there (default: here)')
    .addOption(
      new Option('--template <name>', TEMPLATES.map(({ name, about }) => `${name}: ${about}`).join(' '))
        .choices(TEMPLATES.map(({ name }) => name))
        .default(TEMPLATES[0].name),
    )
    .option('--json', 'NDJSON: one line per file, then what was made')
    .action(act(init));
};

/** Asks nothing, and writes over nothing. */
const init: Action<InitOptions> = async (context, [dir = '.'], { template: wanted, json }) => {
  const template = TEMPLATES.find(({ name }) => name === wanted)!;
  const directory = resolve(context.cwd, dir);
  const files = projectFiles(template, { name: basename(directory) || 'pipelines', version: VERSION });
  const there = files.filter(({ path }) => existsSync(join(directory, path)));
  if (there.length > 0)
    throw new Failure(
      'exists',
      `${there.map(({ path }) => shown(context.cwd, join(directory, path))).join(', ')} ${there.length === 1 ? 'is' : 'are'} there already; nothing is written`,
      'name a directory of its own: rta init DIRECTORY',
    );
  for (const { path, text, executable } of files) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text, { flag: 'wx', mode: executable ? 0o755 : 0o644 });
  }
  const place = shown(context.cwd, directory) || '.';
  if (json === true) {
    const out = new NdjsonWriter(context.stdout, 'init');
    for (const { path } of files) out.write({ file: shown(context.cwd, join(directory, path)) });
    out.write({ directory: place, template: template.name });
    return EXIT_CODES.ok.code;
  }
  for (const { path } of files) context.stdout.write(`${shown(context.cwd, join(directory, path))}\n`);
  const enter = place === '.' ? '' : `cd ${place} && `;
  context.stdout.write(`\n${enter}rta test, then rta run; rta generate ${template.scenario} in another terminal feeds it\n`);
  return EXIT_CODES.ok.code;
};
