import { Generations } from '../generations.js';
import type { Change } from './changes.js';
import { emptyContents, upgraded, type Contents } from './contents.js';

/** The contents of an embedded registry in its directory, which several processes may read and change. */
export class RegistryDirectory {
  readonly #generations: Generations<Contents>;

  constructor(readonly location: string) {
    this.#generations = new Generations<Contents>(location, emptyContents);
  }

  /** As of now. Rejects with RegistryError `damaged`, or `unavailable` where the directory cannot be read. */
  async read(): Promise<Contents> {
    return upgraded(await this.#generations.read(), this.location);
  }

  /** Makes a change, again if another process was faster; durable when resolved. Rejects with what `change` throws. */
  async change<R>(change: (contents: Contents) => Change<R>): Promise<R> {
    return this.#generations.change((contents) => change(upgraded(contents, this.location)));
  }
}
