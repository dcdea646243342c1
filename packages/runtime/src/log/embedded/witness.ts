/**
 * The witness: a second, small account of the last commits, outside LevelDB. LevelDB drops what it cannot read of its write-ahead log
 * without a word, and a log that lost its last fifty commits looks just like one that was stopped earlier. The witness knows better, and
 * knows which offsets they were.
 *
 * ```
 * file    := line*                       two files, commits-a and commits-b; when one is full the other is begun anew
 * line    := '\n' crc:8 hex ' ' json     CRC-32C of the json
 * json    := {"commit": number, "batches": [[topic, partition, base, last]…], "groups": [[group, topic, partition, offset]…]}
 * ```
 * A line is written after the commit is on the disk and before it is acknowledged; it is not synced itself (a kill leaves it whole, a power
 * cut may shorten it, which only makes the witness know less). Lines that are damaged are passed over.
 */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '@node-rs/crc32';

export interface WitnessLine {
  readonly commit: number;
  readonly batches: readonly (readonly [topic: string, partition: number, base: number, last: number])[];
  readonly groups: readonly (readonly [group: string, topic: string, partition: number, offset: number])[];
}

const FILES = ['commits-a', 'commits-b'] as const;
const FULL_BYTES = 256 * 1024;

export class Witness {
  private file = -1;
  private which = 0;
  private bytes = 0;

  constructor(private readonly dir: string) {}

  /** What the files say, by commit number. */
  read(): WitnessLine[] {
    const files = FILES.map((name) => readLines(join(this.dir, name)));
    const last = files.map((lines) => lines.at(-1)?.commit ?? 0);
    this.which = last[1] > last[0] ? 1 : 0;
    return files.flat().sort((a, b) => a.commit - b.commit);
  }

  /** Goes on after `read`, in the older file. Throws where the directory cannot be written to. */
  start(): void {
    this.turn();
  }

  /** Failing to write must not fail the commit, which is done: the witness then knows less. */
  write(line: WitnessLine): void {
    const json = JSON.stringify(line);
    try {
      this.bytes += writeSync(this.file, `\n${hex(crc32c(json))} ${json}`);
      if (this.bytes > FULL_BYTES) this.turn();
    } catch {
      // see above
    }
  }

  close(): void {
    if (this.file >= 0) closeSync(this.file);
    this.file = -1;
  }

  private turn(): void {
    this.close();
    this.which = 1 - this.which;
    this.file = openSync(join(this.dir, FILES[this.which]), 'w', 0o600);
    this.bytes = 0;
  }
}

function readLines(path: string): WitnessLine[] {
  if (!existsSync(path)) return [];
  const lines: WitnessLine[] = [];
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const json = line.slice(9);
    if (line.slice(0, 8) === hex(crc32c(json))) lines.push(JSON.parse(json) as WitnessLine);
  }
  return lines;
}

function hex(n: number): string {
  return n.toString(16).padStart(8, '0');
}
