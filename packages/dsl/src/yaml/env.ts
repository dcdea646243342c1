import type { Diagnostic, Span } from '../diagnostics/diagnostic.js';
import { yamlMessages } from './messages.js';

/** Environment variables, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLE = /\$\$|\$\{([^}]*)\}/g;
const REFERENCE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

/**
 * A setting with its `${NAME}` and `${NAME:-default}` replaced; `$$` is a dollar. As in a shell, `:-` also serves for an empty variable.
 * Values come from the environment and may be secrets: messages never show them.
 */
export function resolveVariables(text: string, env: Environment, span: Span, report: (diagnostic: Diagnostic) => void): string | null {
  let failed = false;
  const resolved = text.replace(VARIABLE, (whole: string, inside: string | undefined) => {
    if (inside === undefined) return '$';
    const match = REFERENCE.exec(inside);
    if (match === null) {
      report(yamlMessages.badVariable(span));
      failed = true;
      return whole;
    }
    const [, name, fallback] = match as unknown as [string, string, string | undefined];
    const value = env[name];
    if (value !== undefined && (value !== '' || fallback === undefined)) return value;
    if (fallback !== undefined) return fallback;
    report(yamlMessages.unsetVariable(span, name));
    failed = true;
    return whole;
  });
  return failed ? null : resolved;
}

/** Whether a text names a variable. */
export function hasVariables(text: string): boolean {
  return /\$\{/.test(text);
}
