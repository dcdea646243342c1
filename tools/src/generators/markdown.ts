/** Pieces of generated Markdown pages. */

/** Stands at the top of each, so that nobody edits it. */
export const NOTICE = '<!-- Written by `pnpm generate`; edit the source that it is made from. -->';

/** A table; empty columns are kept, so that pages of one kind look alike. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(row.map(cell)))].join('\n');
}

export function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trim()}\n\`\`\``;
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** Paragraphs with a blank line in between and a line end at the end. */
export function page(...blocks: readonly (string | null)[]): string {
  return `${blocks.filter((block) => block !== null).join('\n\n')}\n`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** In a cell a bar would end it, also between backticks. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
