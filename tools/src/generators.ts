/** A file of this repository that is written by a program. */
export interface Generator {
  /** Its path from the root; named `*.gen.*`, unless only a part of it is generated (see `replaceBetweenMarks`). */
  readonly file: string;
  /** The whole content that the file should have; may read the file's present one. */
  content(): string | Promise<string>;
}

/** Every generated file. To add one, add it here; `pnpm generate` writes it, CI checks that it is current. */
export const generators: readonly Generator[] = [];
