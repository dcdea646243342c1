/** Examples in Markdown pages: fenced blocks, and what a `console` block says about commands and their output. */

export interface Example {
  /** What stands behind the fence: `yaml`, `console`, `sh`. */
  readonly language: string;
  readonly text: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
}

export interface ConsoleCommand {
  readonly args: readonly string[];
  /** Printed lines as the page has them; `…` stands for any lines. */
  readonly output: readonly string[];
  /** Of `exit code N` behind the command as a shell comment; 0 where it says none. */
  readonly exitCode: number;
}

/** The fenced blocks of a page, in order. */
export function examplesOf(markdown: string): Example[] {
  const examples: Example[] = [];
  const lines = markdown.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const language = /^```(\w+)$/.exec(lines[at])?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', at + 1);
    if (end < 0) throw new Error(`line ${at + 1}: the block does not end`);
    examples.push({ language, text: `${lines.slice(at + 1, end).join('\n')}\n`, line: at + 1 });
    at = end;
  }
  return examples;
}

/** The `$ rta …` commands of a `console` block with what follows each; any other command is an error. */
export function commandsOf(text: string): ConsoleCommand[] {
  return text
    .trimEnd()
    .split(/^\$ /m)
    .slice(1)
    .map((block) => {
      const [line, ...output] = block.trimEnd().split('\n');
      const [command, comment = ''] = line.split(/\s+# /);
      // A word, or several in double quotes.
      const [program, ...args] = [...command.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => (quoted as string | undefined) ?? word);
      if (program !== 'rta') throw new Error(`only rta is run here, not ${program}`);
      return { args, output, exitCode: Number(/exit code (\d+)/.exec(comment)?.[1] ?? 0) };
    });
}

/** Whether printed lines are those of the page, times and rates aside. */
export function isOutput(expected: readonly string[], printed: string): boolean {
  const escaped = (line: string): string => comparable(line).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const pattern = expected.map((line) => (line === '…' ? '(?:.*\n)*' : `${escaped(line)}\n`)).join('');
  return new RegExp(`^${pattern}$`).test(
    `${printed
      .trimEnd()
      .split('\n')
      .map((line) => comparable(line).trimEnd())
      .join('\n')}\n`,
  );
}

function comparable(line: string): string {
  return line
    .replace(/\d[\d,.]* (ms|s)\b/g, 'TIME')
    .replace(/\d[\d,.]*( events)?\/s/g, 'RATE')
    .replace(/\d+ (out|commits)/g, 'COUNT');
}
