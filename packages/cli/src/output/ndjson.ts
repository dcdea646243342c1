import { plainJson } from '@rta/runtime';
import type { Output } from '../context.js';

/** Version of what `--json` prints, its first line: `{"rta":1,"command":"run"}`. Fields may be added within a version. */
const JSON_VERSION = 1;

/** Writes NDJSON: one object a line, the version first. bigint becomes a number where exact, else a string. */
export class NdjsonWriter {
  constructor(
    private readonly output: Output,
    command: string,
  ) {
    this.write({ rta: JSON_VERSION, command });
  }

  write(value: Readonly<Record<string, unknown>>): void {
    this.output.write(`${JSON.stringify(value, plainJson)}\n`);
  }
}
