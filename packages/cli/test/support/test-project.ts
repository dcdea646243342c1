/** A project with a schema `event` (user, score, at) for tests of `rta test`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rta, temporaryDirectory, type RtaOptions, type RtaResult } from './cli.js';

/** Sums of a user, to the topic `out`; what follows is for the caller to add. */
export const TOTALS = `pipeline: totals
source: { topic: in, schema: event, time: at }
steps:
  - groupBy: user
    aggregate: { total: sum(score) }
sink: { topic: out }
`;

export interface TestProject {
  readonly directory: string;
  /** Writes a file of the project. */
  readonly write: (name: string, text: string) => void;
  /** `rta test …` in the project's directory; times print as `#`. */
  readonly test: (args?: readonly string[], options?: RtaOptions) => Promise<RtaResult>;
}

/** Makes one in a directory of its own, with these files. */
export function testProject(files: Readonly<Record<string, string>> = {}): TestProject {
  const directory = temporaryDirectory();
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  };
  const fields = [
    { name: 'user', type: 'string' },
    { name: 'score', type: 'int' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ];
  write('schemas/event.avsc', JSON.stringify({ type: 'record', name: 'Event', fields }));
  for (const [name, text] of Object.entries(files)) write(name, text);
  return {
    directory,
    write,
    test: async (args = [], options = {}) => {
      const result = await rta(['test', ...args], { cwd: directory, ...options });
      return { ...result, stdout: result.stdout.replace(/\(\d+ ms\)/g, '(# ms)') };
    },
  };
}
