/** A call in a user's program, by which messages find what is wrong. Reading the stack is put off until there is something to say. */
export interface Place {
  /** What was called: `filter`. */
  readonly method: string;
  /** The stack of the call. */
  readonly trace: { readonly stack?: string };
}

/** A line of a source text, as stacks count: from 1. */
export interface Frame {
  /** As the stack has it: a path or a `file:` URL. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The place where a method of the builder is being called. */
export function callPlace(method: string): Place {
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, callPlace);
  return { method, trace };
}

/** This folder, as stacks have it. */
const BUILDER = withoutScheme(new URL('.', import.meta.url).href);

/** The first place of a stack that is in a file outside the builder; null where there is none, as for code that was evaluated. */
export function firstFrame(stack: string | undefined): Frame | null {
  for (const line of (stack ?? '').split('\n')) {
    const match = /^\s+at (?:.*\()?((?:file:|\/|[A-Za-z]:[\\/]).*?):(\d+):(\d+)\)?$/.exec(line);
    if (match !== null && !withoutScheme(match[1]).startsWith(BUILDER))
      return { file: match[1], line: Number(match[2]), column: Number(match[3]) };
  }
  return null;
}

function withoutScheme(file: string): string {
  return file.replace(/^file:\/\//, '');
}
