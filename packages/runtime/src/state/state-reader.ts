/** The read side of a state store that kernels see. */
export interface StateReader {
  get(key: Uint8Array): Uint8Array | undefined;
}
