import type { AvroSchema } from '@rta/dsl';
import type { SchemaRegistry } from '@rta/registry';

/** What is made of the schemas that records were written with; each is asked for once. */
export class WriterSchemas<T> {
  /** By id; null: the registry does not know it. */
  private readonly asked = new Map<number, T | null>();

  constructor(
    private readonly registry: Pick<SchemaRegistry, 'byId'>,
    private readonly make: (schema: AvroSchema) => T,
  ) {}

  /** Null where the registry does not know the id. Rejects with RegistryError where it cannot be asked. */
  async of(id: number): Promise<T | null> {
    const known = this.asked.get(id);
    if (known !== undefined) return known;
    const found = await this.registry.byId(id);
    const made = found === null ? null : this.make(found.schema);
    this.asked.set(id, made);
    return made;
  }

  /** What `of` has given; null: nothing. */
  known(id: number): T | null {
    return this.asked.get(id) ?? null;
  }
}
