const PER_LINE = 16;
/** Lines of a long value that are shown: from its beginning, and around the fault. */
const LINES = { head: 8, around: 3 };

/**
 * Bytes as `hexdump -C` shows them, sixteen a line; below the byte at `fault` a mark. Of long values the beginning, and what is around the
 * fault.
 */
export function hexDump(bytes: Uint8Array, fault: number | null): string[] {
  const lines: string[] = [];
  const faulty = fault === null ? -1 : Math.floor(Math.min(fault, Math.max(0, bytes.length - 1)) / PER_LINE);
  const total = Math.max(1, Math.ceil(bytes.length / PER_LINE));
  let skipped = 0;
  for (let line = 0; line < total; line++) {
    if (line >= LINES.head && Math.abs(line - faulty) > LINES.around) {
      skipped++;
      continue;
    }
    if (skipped > 0) lines.push(omitted(skipped * PER_LINE));
    skipped = 0;
    lines.push(lineOf(bytes, line * PER_LINE));
    if (line === faulty && fault !== null) lines.push(`${' '.repeat(10 + 3 * Math.min(fault - line * PER_LINE, PER_LINE))}^^ here`);
  }
  if (skipped > 0) lines.push(omitted(bytes.length - (total - skipped) * PER_LINE));
  return lines;
}

function lineOf(bytes: Uint8Array, start: number): string {
  const part = [...bytes.subarray(start, start + PER_LINE)];
  const hex = part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const text = part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
  return `${start.toString(16).padStart(8, '0')}  ${hex.padEnd(3 * PER_LINE - 1)}  |${text}|`;
}

function omitted(count: number): string {
  return `… ${String(count)} bytes`;
}
