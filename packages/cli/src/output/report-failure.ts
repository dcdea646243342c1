import { StagingError } from '@rta/runtime';
import type { CliContext } from '../context.js';
import { Failure, UsageError } from '../failure.js';
import { colours } from './colour.js';

/** Says why a command ended: one message on stderr; with `--json` also a line `{"error": {code, message, help}}` on stdout. */
export function reportFailure(error: unknown, context: CliContext, json: boolean): void {
  const { code, message, help } = describeFailure(error);
  if (json) context.stdout.write(`${JSON.stringify({ error: { code, message, help } })}\n`);
  const red = colours(context.stderr, context.env) ? (text: string) => `\u001B[31;1m${text}\u001B[0m` : (text: string) => text;
  context.stderr.write(`${red(`error ${code}`)}: ${message}\n`);
  if (help !== undefined) context.stderr.write(`help: ${help}\n`);
}

/** An error as people and programs are told of it. */
export function describeFailure(error: unknown): { code: string; message: string; help?: string } {
  if (error instanceof Failure)
    return { code: error.code, message: error.message, ...(error.help === undefined ? {} : { help: error.help }) };
  if (error instanceof UsageError) return { code: 'usage', message: error.message };
  if (error instanceof StagingError) return { code: 'not_supported', message: error.message };
  // The errors of our packages carry stable codes; anything else is a defect, and its stack says where.
  if (error instanceof Error && typeof (error as { code?: unknown }).code === 'string') {
    const { code, help } = error as unknown as { readonly code: string; readonly help?: string };
    return { code, message: error.message, ...(help === undefined ? {} : { help }) };
  }
  return {
    code: 'internal',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    help: 'this is a defect of rta: please report it',
  };
}
