import { parseDocument, type Document, type YAMLError } from 'yaml';
import type { Diagnostic, SourceText, Span } from '../diagnostics/diagnostic.js';
import { convert } from './convert.js';
import { MAX_DEPTH, tooDeepAt } from './depth.js';
import { yamlMessages } from './messages.js';
import type { YamlFile } from './node.js';
import { flowTrapAt, trapAt, type Trap } from './traps.js';

/** The most characters a file may have. */
const MAX_LENGTH = 1_000_000;
/** The most expressions of one file that are put together again. */
const MAX_REPAIRS = 60;
/** Stands for one character of an expression that YAML would break apart; a private-use character, so no file holds it. */
const FILLER = '\uE0F1';

/**
 * Reads a YAML text into nodes with their places. Expressions that YAML breaks apart (see traps.ts) are reported, replaced by a filler of
 * the same length and read again, so that the rest of the file is still checked; what else YAML refuses ends in `root: null`.
 */
export function parseYaml(source: SourceText): YamlFile {
  const whole: Span = { source, start: 0, end: Math.min(1, source.text.length) };
  if (source.text.length > MAX_LENGTH) {
    return { source, root: null, diagnostics: [yamlMessages.tooLarge(whole, 'the file is larger than a million characters')] };
  }
  const deep = tooDeepAt(source.text);
  if (deep !== null) return { source, root: null, diagnostics: [tooDeep({ source, start: deep, end: deep + 1 })] };
  const repairs = new Map<number, Trap>();
  let text = source.text.replaceAll(FILLER, '?');
  for (;;) {
    const document = parseDocument(text, { schema: 'failsafe', prettyErrors: false, logLevel: 'error', strict: true });
    const working: SourceText = { path: source.path, text };
    const problem = firstProblem(document);
    const trap = repairs.size < MAX_REPAIRS && problem !== null ? trapOf(source, working, problem) : null;
    if (trap !== null && !repairs.has(trap.start)) {
      repairs.set(trap.start, trap);
      text = blank(text, trap);
      continue;
    }
    const reported = [...repairs.values()].map((repair) => repair.diagnostic);
    const broken = document.errors.filter((error) => error.code !== 'DUPLICATE_KEY');
    if (broken.length > 0) {
      return { source, root: null, diagnostics: [...reported, ...syntaxErrors(source, document)] };
    }
    const result = convert(source, document, repairs);
    if (result.split !== null && repairs.size < MAX_REPAIRS) {
      const found = flowTrapAt(working, result.split);
      if (found !== null && !repairs.has(found.start)) {
        repairs.set(found.start, ofSource(source, found));
        text = blank(text, found);
        continue;
      }
    }
    const diagnostics = [...reported, ...result.diagnostics];
    if (result.root === null && diagnostics.length === 0) diagnostics.push(yamlMessages.empty(whole));
    return { source, root: result.root, diagnostics };
  }
}

function tooDeep(span: Span): Diagnostic {
  return yamlMessages.tooLarge(span, `this is nested deeper than ${MAX_DEPTH} levels`);
}

type Problem = Pick<YAMLError, 'code' | 'pos'>;

function firstProblem(document: Document.Parsed): Problem | null {
  const problems = [...document.errors, ...document.warnings].filter((problem) => problem.code !== 'DUPLICATE_KEY');
  problems.sort((a, b) => a.pos[0] - b.pos[0]);
  return problems.length > 0 ? problems[0] : null;
}

function trapOf(source: SourceText, working: SourceText, problem: Problem): Trap | null {
  if (problem.code === 'TAB_AS_INDENT') return null;
  const trap = trapAt(working, problem.pos[0], problem.code);
  return trap === null || working.text.slice(trap.start, trap.end).includes(FILLER) ? null : ofSource(source, trap);
}

/** Traps are found in the text with fillers; their spans are of the file. */
function ofSource(source: SourceText, trap: Trap): Trap {
  return { ...trap, diagnostic: { ...trap.diagnostic, span: { ...trap.diagnostic.span, source } } };
}

function blank(text: string, trap: Trap): string {
  return text.slice(0, trap.start) + FILLER.repeat(trap.end - trap.start) + text.slice(trap.end);
}

/** What YAML itself says, in our words where they help more. Only the first error of a line is kept: the others follow from it. */
function syntaxErrors(source: SourceText, document: Document.Parsed): Diagnostic[] {
  const seen = new Set<number>();
  const found: Diagnostic[] = [];
  for (const error of [...document.errors].sort((a, b) => a.pos[0] - b.pos[0])) {
    const start = Math.min(error.pos[0], source.text.length);
    const line = source.text.lastIndexOf('\n', Math.max(0, start - 1));
    if (seen.has(line) || (found.length > 0 && error.code === 'UNEXPECTED_TOKEN')) continue;
    seen.add(line);
    found.push(syntaxError({ source, start, end: Math.max(start, Math.min(error.pos[1], source.text.length)) }, error));
  }
  return found;
}

function syntaxError(span: Span, error: YAMLError): Diagnostic {
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return yamlMessages.tab(span);
    case 'MULTIPLE_DOCS':
      return yamlMessages.documents(span);
    case 'BAD_INDENT':
      if (/^Flow (map|sequence)/.test(error.message)) {
        const close = error.message.startsWith('Flow map') ? '}' : ']';
        return yamlMessages.syntax(
          span,
          `a \`${close}\` is missing before this`,
          'close it, and indent continued lines deeper than the key',
        );
      }
      return yamlMessages.indentation(span, 'this line is indented in another way than those around it');
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
    case 'BLOCK_IN_FLOW':
      return yamlMessages.indentation(span, 'YAML cannot tell here what is a key and what is a value');
    case 'MISSING_CHAR':
      if (error.message.includes('quote')) return yamlMessages.syntax(span, 'a closing quote is missing', 'close the quote');
      if (error.message.includes('map keys need')) return yamlMessages.syntax(span, 'a `:` is missing after the key', 'write `key: value`');
      return yamlMessages.syntax(span, lowerFirst(error.message));
    case 'BAD_SCALAR_START':
      return yamlMessages.syntax(span, 'a value cannot begin with this character', 'put the whole value into quotes');
    default:
      return yamlMessages.syntax(span, lowerFirst(error.message));
  }
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
