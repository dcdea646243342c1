/** The same pipeline in another layout: blocks and flows, blank lines, comments, spaces, the order of keys. */
import { parseYaml, type YamlNode } from '../../src/index.js';
import type { Random } from '../random.js';

/** Another text of the same meaning, and how many comments it has. */
export function relayout(text: string, random: Random): { readonly text: string; readonly comments: number } {
  const { root } = parseYaml({ path: 'x', text });
  if (root === null) return { text, comments: 0 };
  const writer = new Writer(random);
  return { text: `${writer.block(root, 0).join('\n')}\n`, comments: writer.comments };
}

class Writer {
  comments = 0;

  constructor(private readonly random: Random) {}

  block(node: YamlNode, indent: number, sorts = true): string[] {
    const pad = ' '.repeat(indent);
    const step = 1 + this.random(4);
    if (node.kind === 'scalar') return [pad + this.scalar(node)];
    const children =
      node.kind === 'map'
        ? (sorts ? this.shuffled(node.entries) : node.entries).map((entry) => ({
            ...entry,
            head: `${JSON.stringify(entry.key)}:`,
            sorts: entry.key === 'steps',
          }))
        : node.items.map((value) => ({ value, head: '-', sorts: node.items.every((item) => item.kind === 'map') && sorts }));
    return children.flatMap(({ value, head, sorts: deeper }) => {
      const lines = this.noise(pad);
      const flow = this.flow(value);
      if (flow !== null && (value.kind === 'scalar' || this.random(3) > 0)) {
        const folded =
          value.kind === 'scalar' &&
          value.style !== 'plain' &&
          !/\s$|^\s|\n|\t/.test(value.text) &&
          value.text !== '' &&
          this.random(3) === 0;
        if (folded) return [...lines, `${pad}${head} >-`, `${pad}${' '.repeat(step)}${value.text}`];
        return [...lines, `${pad}${head} ${flow}${this.random(6) === 0 ? this.comment('  ') : ''}`];
      }
      if (value.kind !== 'scalar' && (value.kind === 'map' ? value.entries : value.items).length === 0)
        return [...lines, `${pad}${head} ${flow ?? ''}`];
      return [...lines, `${pad}${head}${this.random(6) === 0 ? this.comment(' ') : ''}`, ...this.block(value, indent + step, deeper)];
    });
  }

  private flow(node: YamlNode): string | null {
    const gap = ' '.repeat(this.random(3));
    if (node.kind === 'scalar') return /[[\]{},]/.test(node.text) && node.style === 'plain' ? node.text : this.scalar(node);
    const children = node.kind === 'map' ? node.entries.map(({ value }) => value) : node.items;
    const texts = children.map((child) =>
      child.kind === 'scalar' && child.style === 'plain' && /[[\]{},]/.test(child.text) ? null : this.flow(child),
    );
    if (texts.includes(null) || children.length === 0) return children.length === 0 ? (node.kind === 'map' ? '{}' : '[]') : null;
    if (node.kind === 'seq') return `[${gap}${texts.join(`${gap}, `)}${gap}]`;
    return `{${gap}${node.entries.map(({ key }, i) => `${JSON.stringify(key)}: ${texts[i]!}`).join(`,${gap}`)}${gap} }`;
  }

  private scalar(node: Extract<YamlNode, { kind: 'scalar' }>): string {
    if (node.style === 'empty') return 'null';
    if (node.style === 'plain') return node.text;
    return this.random(2) === 0
      ? JSON.stringify(node.text)
      : /\n/.test(node.text)
        ? JSON.stringify(node.text)
        : `'${node.text.replaceAll("'", "''")}'`;
  }

  private noise(pad: string): string[] {
    const lines = this.random(8) === 0 ? ['', ''] : [];
    return this.random(8) === 0 ? [...lines, `${pad}${this.comment('')}`] : lines;
  }

  private comment(gap: string): string {
    return `${gap}# note ${this.comments++}`;
  }

  private shuffled<T>(items: readonly T[]): readonly T[] {
    const left = [...items];
    return items.map(() => left.splice(this.random(left.length), 1)[0]);
  }
}
