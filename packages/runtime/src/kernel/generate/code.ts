/** What generated functions are put together from: lines, constants, names. */
import { markOf } from '../kernel-marks.js';

/** Objects that generated code refers to by name; shared by all functions of a stage. */
export class Constants {
  readonly values: unknown[] = [];
  private readonly names = new Map<unknown, string>();

  /** @param of what a profiler shows the functions as, pipeline and stage; null: they are shared with whoever has the same ones */
  constructor(readonly of: string | null = null) {}

  /** The name under which generated code finds `value`. */
  name(value: unknown): string {
    const known = this.names.get(value);
    if (known !== undefined) return known;
    const name = `k${this.values.length}`;
    this.values.push(value);
    this.names.set(value, name);
    return name;
  }
}

/** The body of one generated function. */
export class Code {
  private readonly lines: string[] = [];
  private readonly locals: string[] = [];
  private counter = 0;

  constructor(readonly constants: Constants) {}

  line(...lines: readonly string[]): void {
    this.lines.push(...lines);
  }

  /** A name that is used nowhere else in the function. */
  fresh(prefix: string): string {
    return `${prefix}_${this.counter++}`;
  }

  /** A fresh variable, declared at the top of the function. */
  local(prefix: string, init = 'undefined'): string {
    const name = this.fresh(prefix);
    this.locals.push(`${name} = ${init}`);
    return name;
  }

  constant(value: unknown): string {
    return this.constants.name(value);
  }

  /** From here on the lines are node `i`'s, or no node's: for profiles. */
  mark(i: number | null): void {
    this.line(markOf(i));
  }

  block(head: string, body: () => void, tail = '}'): void {
    this.line(`${head} {`);
    body();
    this.line(tail);
  }

  /** Lines that `body` adds, taken out again. */
  captured(body: () => void): string[] {
    const from = this.lines.length;
    body();
    return this.lines.splice(from);
  }

  toString(): string {
    return [...(this.locals.length > 0 ? [`let ${this.locals.join(', ')};`] : []), ...this.lines].join('\n');
  }
}

/** A literal in the source text of generated code: JSON is JavaScript, but for two line separators. */
export function literal(value: string | number | boolean | null): string {
  if (typeof value === 'number')
    return Object.is(value, -0)
      ? '-0'
      : Number.isFinite(value)
        ? JSON.stringify(value)
        : Number.isNaN(value)
          ? 'NaN'
          : value > 0
            ? 'Infinity'
            : '-Infinity';
  return JSON.stringify(value).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
}

/** Of functions of no pipeline in particular: the same source is compiled and optimised once, whichever pipelines of the thread have it. */
const shared = new Map<string, (...constants: readonly unknown[]) => unknown>();
/** Beyond it the oldest is compiled again when it is next needed. */
const MAX_SHARED = 1_000;

/**
 * The one place where generated source becomes a function. The source is made by the compiler from checked plans: names are its own, and
 * what comes from users (texts, numbers, names of fields) is a constant or a quoted literal. It sees its parameters and nothing else that it
 * names.
 * @param constants the objects that the source may refer to, by name
 * @param body the source of a function that returns the function wanted
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows what the source returns
export function makeFunction<T>({ of, values }: Constants, body: string): T {
  const names = values.map((_, i) => `k${i}`);
  const compiled = (url: string): ((...constants: readonly unknown[]) => unknown) =>
    // eslint-disable-next-line no-new-func, @typescript-eslint/no-implied-eval
    new Function(...names, `'use strict';\n${body}\n//# sourceURL=${url}`) as (...constants: readonly unknown[]) => unknown;
  if (of !== null) return compiled(of)(...values) as T;
  const key = `${names.length} ${body}`;
  let make = shared.get(key);
  if (make === undefined) {
    if (shared.size >= MAX_SHARED) shared.delete(shared.keys().next().value!);
    shared.set(key, (make = compiled('rta-kernel')));
  }
  return make(...values) as T;
}
