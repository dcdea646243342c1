import { functionFamilies, type Value } from '@rta/dsl';
import { code, NOTICE, page, table } from './markdown.js';

/** The functions of expressions, by family. */
export function functionsPage(): string {
  return page(
    NOTICE,
    '# Functions',
    'What expressions can call. A null argument makes the result null, unless a function says otherwise.',
    ...Object.entries(functionFamilies).flatMap(([family, functions]) => [
      `## ${family.charAt(0).toUpperCase()}${family.slice(1)}`,
      table(
        ['Function', 'What it gives', 'Example'],
        functions.map(({ signature, summary, examples }) => [code(signature), summary, examples.slice(0, 1).map(example).join('')]),
      ),
      ...functions.filter(({ doc }) => doc.trim() !== '').map(({ name, doc }) => `**${code(name)}** ${doc.trim()}`),
    ]),
  );
}

function example({ expression, value }: { readonly expression: string; readonly value: Value }): string {
  return `${code(expression)} → ${code(show(value))}`;
}

function show(value: Value): string {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`;
  if (value instanceof Map) return `{ ${[...value].map(([key, item]) => `${key}: ${show(item)}`).join(', ')} }`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}
