import type { SourceText, Span } from '../diagnostics/diagnostic.js';
import { offsetAt } from '../diagnostics/position.js';
import { readArguments, type Literal } from './literal.js';
import { firstFrame, type Place } from './place.js';

/** A call of the builder in its source text. */
export interface Call {
  /** The name of what was called. */
  readonly span: Span;
  readonly args: readonly Literal[];
}

/** Gives the text of a file that a stack names (a path or a `file:` URL), or null. */
export type ReadSource = (file: string) => SourceText | null;

/** How far from the place of a stack, in characters, the called name is looked for: source maps are sometimes a token off. */
const NEAR = 200;

/** Finds the calls of places in source texts. What cannot be found stands in a text that is made up from the step's path. */
export class CallFinder {
  private readonly found = new Map<Place, Call>();

  constructor(
    private readonly module: string,
    private readonly readSource: ReadSource,
  ) {}

  /** @param path says which step it is where there is no source: `steps[2]` */
  call(place: Place, path: string): Call {
    const known = this.found.get(place);
    if (known !== undefined) return known;
    const call = this.inSource(place) ?? withoutSource(this.module, place, path);
    this.found.set(place, call);
    return call;
  }

  private inSource({ method, trace }: Place): Call | null {
    const frame = firstFrame(trace.stack);
    const source = frame === null ? null : this.readSource(frame.file);
    if (frame === null || source === null) return null;
    const offset = offsetAt(source, { line: frame.line, column: frame.column });
    const start = nearest(source.text, method, offset);
    if (start === null) return { span: { source, start: offset, end: Math.min(offset + 1, source.text.length) }, args: [] };
    const end = start + method.length;
    return { span: { source, start, end }, args: readArguments(source, end) };
  }
}

/** The offset of the call of a name at or near an offset. */
function nearest(text: string, method: string, offset: number): number | null {
  if (text.startsWith(method, offset)) return offset;
  const from = Math.max(0, offset - NEAR);
  const calls = [...text.slice(from, offset + NEAR).matchAll(new RegExp(`\\b${method}\\b(?=\\s*[(<])`, 'g'))];
  const starts = calls.map((match) => from + match.index).sort((a, b) => Math.abs(a - offset) - Math.abs(b - offset));
  return starts.length > 0 ? starts[0] : null;
}

function withoutSource(module: string, { method }: Place, path: string): Call {
  const source: SourceText = { path: module, text: path === '' ? method : `${path}.${method}` };
  return { span: { source, start: source.text.length - method.length, end: source.text.length }, args: [] };
}
