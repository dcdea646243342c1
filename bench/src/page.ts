/** `bench/RESULTS.md`: a section per workload, per latency and per kind of growth, each as it was last measured. */

export interface Section {
  readonly title: string;
  readonly text: string;
}

/**
 * The page with these sections first. Those of the page as it was, of what was not measured this time, stay.
 * @param conditions machine, versions, date: what the figures depend on
 */
export function pageOf(conditions: Readonly<Record<string, string>>, sections: readonly Section[], before: string): string {
  const list = Object.entries(conditions).map(([name, value]) => `- ${name}: ${value}`);
  const measured = sections.map(({ title, text }) => `## ${title}\n\n${text}\n\n${list.join('\n')}\n`);
  const kept = before
    .split(/^(?=## )/m)
    .slice(1)
    .filter((section) => !sections.some(({ title }) => section.startsWith(`## ${title}\n`)));
  return `# Benchmarks

Written by \`pnpm bench\`. **records/s** is of the time that the process measures inside: from joining the consumer group to everything
processed and committed. **whole s** is from the start of the process to its end (start-up, compilation of the pipeline and leaving the
group included). **CPU s** and **peak memory** (resident) are of the whole process. **rta is**, **CPU ratio** and **memory ratio** say how
many times as fast and how many times as frugal rta is, and what it has to be ("7.1x of 6x": 7.1 times, where 6 were to be reached).

${[...measured, ...kept].map((section) => section.trim()).join('\n\n')}
`;
}

/** A Markdown table, which reads well in a terminal, too: the first column to the left, the others to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** `1,234,567` */
export function thousands(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
