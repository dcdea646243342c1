/** Code that hands on rows of a stream that were made here. */
import { rowError } from '../run/row-error.js';
import type { Code } from './code.js';
import type { FoldShape } from './fold.js';
import type { StreamCode } from './scope.js';
import type { StageShape } from './stage-shape.js';
import { streamEdges, type StreamRow } from './stream-edges.js';

/** Adds lines that hand on a stream's row made here, not by a source: where it fails it is counted and dropped. */
export function guardedStream(shape: StageShape, folds: ReadonlyMap<number, FoldShape>, code: Code, from: number, row: StreamRow): void {
  let edges: StreamCode | null = null;
  const lines = code.captured(() => {
    edges = streamEdges(shape, folds, code, shape.readers[from], row);
  });
  const { throws, apply } = edges!;
  if (throws) code.line('try {', ...lines, '} catch (error) {', `${code.constant(rowError)}(K, error);`, 'return;', '}');
  else code.line(...lines);
  apply();
}
