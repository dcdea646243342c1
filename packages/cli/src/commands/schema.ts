import type { Command } from 'commander';
import type { AddCommand } from '../program.js';
import { checkSchemas } from '../schema/check.js';
import { compatLevel } from '../schema/compat.js';
import { diffSchemas } from '../schema/diff.js';
import { listSubjects } from '../schema/list.js';
import { pullSchemas } from '../schema/pull.js';
import { registerSchemas } from '../schema/register.js';

export const addSchema: AddCommand = (program, act) => {
  const schema = program
    .command('schema')
    .description('Schemas of the project and of the registry: check, diff, register, ls, pull, compat');
  const add = (name: string, description: string, json: string): Command =>
    schema
      .command(name)
      .description(description)
      .option('--registry <url>', 'schema registry (default: SCHEMA_REGISTRY_URL, rta.yaml, else the embedded one)')
      .option('--dir <directory>', 'of the embedded registry, which is used then (default: .rta)')
      .option('--json', `NDJSON: ${json}`)
      .copyInheritedSettings(program);
  const files = 'schema files (default: schemas/*.avsc)';
  const forSubject = 'the subject of the one file (default: those of the Avro sources that have the schema)';
  add('check', 'Whether schemas are valid and may be registered; changes nothing', 'one line per problem, then one per file')
    .argument('[files...]', files)
    .option('--subject <name>', forSubject)
    .option('--offline', 'asks no registry')
    .action(act(checkSchemas));
  add('diff', 'What changed between two schemas, and which can read data of the other', 'one line per change, then the verdicts')
    .argument('<from>', 'a file, a subject (its latest version), or SUBJECT@VERSION')
    .argument('[to]', 'the same (default: the latest version of the subject, compared with the one before)')
    .action(act(diffSchemas));
  add('register', 'Registers schemas if all of them may go, else none', 'one line per problem, then one per file')
    .argument('[files...]', files)
    .option('--subject <name>', forSubject)
    .option('--references', 'types of other files as references, in subjects that are called as they are')
    .action(act(registerSchemas));
  add('ls', 'Lists subjects: level, versions and their ids', 'one line per subject').argument('[subjects...]').action(act(listSubjects));
  add('pull', 'Writes the latest versions of subjects to files, with what they refer to', 'one line per file')
    .argument('<subjects...>')
    .option('--out <directory>', 'where to', 'schemas')
    .option('--references', 'types of other subjects in files of their own, as the registry keeps them')
    .option('--force', 'writes over files that differ')
    .action(act(pullSchemas));
  add('compat', 'Says the compatibility level of a subject, or sets it', 'one line')
    .argument('[subject]')
    .option('--default', "the registry's, of subjects without a level of their own, in place of a subject's")
    .argument('[level]', 'NONE, BACKWARD, FORWARD, FULL, or one of these with _TRANSITIVE')
    .action(act(compatLevel));
};
