import { isNull, type YamlEntry, type YamlMap, type YamlNode, type YamlScalar } from '../yaml/node.js';

/** The widest line that is written. */
const WIDTH = 120;
/** What stands before a verb in a chain, in this order. */
const MODIFIERS = ['groupBy', 'window', 'emit', 'ttl'];
/** Verbs with a method on a stream, and on a group of one. */
const STREAM_VERBS = ['filter', 'derive', 'select', 'drop', 'rename', 'unnest', 'join', 'use', 'sample', 'aggregate', 'topK'];
const GROUP_VERBS = ['aggregate', 'topK', 'dedupe', 'derive', 'sample'];
const OPTIONS = ['name', 'note'];

/** A pipeline as read, written as a TypeScript module that builds the same: its twin. Comments of the file are not kept. */
export function printTypeScript(root: YamlMap): string {
  const name = root.entries.find((entry) => entry.key === 'pipeline')?.value;
  const linear = linearSource(root);
  const lines = root.entries
    .filter((entry) => entry.key !== 'pipeline' && !(entry.key === 'source' && linear !== null))
    .map((entry) => `  ${propertyName(entry.key)}: ${optionValue(entry, linear)},\n`);
  return [
    "import { pipeline, stream } from '@rta/cli';\n\n",
    `export default pipeline(${name === undefined ? "''" : literal(name, 0)}, {\n`,
    ...lines,
    '});\n',
  ].join('');
}

/** The source of the linear form where it is a name: it goes into `stream(…)`. */
function linearSource(root: YamlMap): YamlScalar | null {
  const source = root.entries.find((entry) => entry.key === 'source')?.value;
  const hasSteps = root.entries.some((entry) => entry.key === 'steps');
  return hasSteps && source?.kind === 'scalar' && !isNull(source) ? source : null;
}

function optionValue({ key, value }: YamlEntry, linear: YamlScalar | null): string {
  if (key === 'steps') return `stream(${linear === null ? '' : literal(linear, 0)})${chain(value, 4)}`;
  if (key !== 'streams' || value.kind !== 'map') return literal(value, 2, key.length + 2);
  const streams = value.entries.map(({ key: name, value: each }) => `    ${propertyName(name)}: ${streamValue(each)},\n`);
  return `{\n${streams.join('')}  }`;
}

function streamValue(node: YamlNode): string {
  const part = (key: string): YamlNode | undefined =>
    node.kind === 'map' ? node.entries.find((entry) => entry.key === key)?.value : undefined;
  const [from, steps] = [part('from'), part('steps')];
  return `stream(${from === undefined ? '' : literal(from, 4)})${steps === undefined ? '' : chain(steps, 6)}`;
}

function chain(steps: YamlNode, indent: number): string {
  if (steps.kind !== 'seq') return '';
  return steps.items.map((step) => (step.kind === 'map' ? stepCalls(step, indent) : '')).join('');
}

function stepCalls(step: YamlMap, indent: number): string {
  const modifiers = MODIFIERS.flatMap((key) => step.entries.find((entry) => entry.key === key) ?? []);
  const options = step.entries.filter(({ key }) => OPTIONS.includes(key));
  const verbs = step.entries.filter((entry) => !modifiers.includes(entry) && !options.includes(entry));
  const methods = modifiers.length > 0 ? GROUP_VERBS : STREAM_VERBS;
  const newLine = `\n${' '.repeat(indent)}`;
  if (verbs.length !== 1 || !methods.includes(verbs[0].key)) return `${newLine}.step(${literal(step, indent)})`;
  const more = options.length === 0 ? '' : `, ${literal({ ...step, entries: options }, indent)}`;
  let line = '';
  for (const { key, value } of [...modifiers, ...verbs])
    line += `.${key}(${literal(value, indent, line.length + key.length + 2)}`.concat(key === verbs[0].key ? `${more})` : ')');
  return newLine + line;
}

/** A node as a literal. @param indent of the line where it begins @param before how many characters stand in front of it there */
function literal(node: YamlNode, indent: number, before = 0): string {
  const inline = inlineLiteral(node);
  if (node.kind === 'scalar' || (indent + before + inline.length < WIDTH && !inline.includes('\n'))) return inline;
  const pad = ' '.repeat(indent + 2);
  const close = ' '.repeat(indent);
  if (node.kind === 'seq') return `[\n${node.items.map((item) => `${pad}${literal(item, indent + 2)},\n`).join('')}${close}]`;
  const entries = node.entries.map(({ key, value }) => {
    const name = `${propertyName(key)}: `;
    return `${pad}${name}${literal(value, indent + 2, name.length)},\n`;
  });
  return `{\n${entries.join('')}${close}}`;
}

function inlineLiteral(node: YamlNode): string {
  switch (node.kind) {
    case 'seq':
      return `[${node.items.map(inlineLiteral).join(', ')}]`;
    case 'map':
      if (node.entries.length === 0) return '{}';
      return `{ ${node.entries.map(({ key, value }) => `${propertyName(key)}: ${inlineLiteral(value)}`).join(', ')} }`;
    case 'scalar':
      return scalar(node);
  }
}

function scalar(node: YamlScalar): string {
  const { text, style } = node;
  if (isNull(node)) return 'null';
  if (style === 'plain' && /^(true|false)$/.test(text)) return text;
  if (style === 'plain' && /^-?\d/.test(text) && String(Number(text)) === text) return text;
  return quoted(text);
}

function propertyName(key: string): string {
  if (key === '__proto__') return `['__proto__']`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key);
}

function quoted(text: string): string {
  // As it was written: an expression over several lines.
  if (text.includes('\n') && !/[`\\]|\$\{/.test(text)) return `\`${text}\``;
  const double = JSON.stringify(text);
  return text.includes("'") ? double : `'${double.slice(1, -1).replaceAll('\\"', '"')}'`;
}
