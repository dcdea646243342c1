/** Where `rta reset` is told to begin again. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ResetTarget } from '@rta/runtime';
import type { CliContext } from '../context.js';
import { UsageError } from '../failure.js';

export interface TargetOptions {
  readonly toBeginning?: boolean;
  /** ms */
  readonly toTime?: number;
  readonly toOffsets?: readonly string[];
}

/** Null where nothing is said. @throws UsageError for more than one of them, and for offsets that are none */
export function targetOf(context: Pick<CliContext, 'cwd'>, { toBeginning, toTime, toOffsets }: TargetOptions): ResetTarget | null {
  const said = [toBeginning === true, toTime !== undefined, toOffsets !== undefined].filter(Boolean).length;
  if (said > 1) throw new UsageError('--to-beginning, --to-time and --to-offsets: one of them');
  if (toBeginning === true) return { to: 'beginning' };
  if (toTime !== undefined) return { to: 'time', time: toTime };
  return toOffsets === undefined ? null : { to: 'offsets', offsets: new Map(toOffsets.flatMap((text) => offsetsOf(context, text))) };
}

/** `topic-2@500`, or a file with one of these a line; lines that are empty or begin with # are passed over. */
function offsetsOf({ cwd }: Pick<CliContext, 'cwd'>, text: string): [string, number][] {
  const path = resolve(cwd, text);
  if (existsSync(path) && statSync(path).isFile())
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(offsetOf);
  return [offsetOf(text)];
}

function offsetOf(text: string): [string, number] {
  const [, partition, offset] = /^(.+-\d{1,9})@(\d{1,15})$/.exec(text) ?? [];
  if (partition === undefined || offset === undefined)
    throw new UsageError(`${text}: an offset is named as topic-partition@offset, orders-2@500, or in a file with one a line`);
  return [partition, Number(offset)];
}
