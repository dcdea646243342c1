/** A place in a source text: UTF-16 offsets into `SourceText.text`, end exclusive. */
export interface Span {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

/** A text that was read: a pipeline file, `rta.yaml`, or an expression given on the command line. */
export interface SourceText {
  /** As shown to people: relative to the project where possible. */
  readonly path: string;
  readonly text: string;
}

/** `advice` is about what a pipeline will do once it runs; only `rta explain --advice` gives it. */
export type Severity = 'error' | 'warning' | 'advice';

/**
 * What the compiler has to say about a place. Diagnostics are values: they are collected, never thrown, so that one run shows all of them.
 * `code` is stable (`RTA1203`), `message` says what is wrong, `help` what to do about it.
 */
export interface Diagnostic {
  readonly code: string;
  readonly severity: Severity;
  readonly span: Span;
  readonly message: string;
  /** What was probably meant, or the remedy. */
  readonly help?: string;
  /** Other places that explain this one. */
  readonly related?: readonly { readonly span: Span; readonly message: string }[];
}
