/** What a replacement has to work with. */
interface ReplacementKit {
  /** The exports of the module that is replaced. */
  readonly stock: () => unknown;
  /** The exports of another module of KafkaJS, replaced where it is. */
  readonly load: (path: string) => unknown;
}

/** One module of KafkaJS that ours takes the place of. */
export interface Replacement {
  /** Inside the package. */
  readonly path: string;
  /** SHA-256 of the file as KafkaJS 2.2.4 has it. */
  readonly sha256: string;
  /** Makes the exports. */
  readonly create: (kit: ReplacementKit) => unknown;
}
