/** What an alert's topic says: an incident was opened, or ended. */
import type { Value } from '@rta/dsl';
import { type AvroCodec, codecFor, type SchemaRegistry, unframe } from '@rta/registry';
import { WriterSchemas } from '../writer-schemas.js';

/** A transition, as a record of `<pipeline>-alerts` has it. */
export interface Incident {
  readonly dedupKey: string;
  readonly alert: string;
  readonly action: 'trigger' | 'resolve';
  readonly reason: 'when' | 'noData';
  /** The columns of the key, as JSON. */
  readonly key: string;
  /** The columns of the row that was judged last, as JSON. */
  readonly row: string;
  /** Event times, ms: from when on the condition held, when the incident was opened, and when this happened. */
  readonly since: number;
  readonly openedAt: number;
  readonly at: number;
}

/** Reads the records of a topic of alerts; each schema is asked for once. */
export class IncidentReader {
  private readonly codecs: WriterSchemas<AvroCodec>;

  constructor(registry: Pick<SchemaRegistry, 'byId'>) {
    this.codecs = new WriterSchemas(registry, codecFor);
  }

  /** Null: no incident; rejects with RegistryUnavailable where a schema has to be looked up and that cannot be. */
  async read(value: Uint8Array | null): Promise<Incident | null> {
    const framed = value === null ? null : unframe(value);
    if (framed === null) return null;
    const codec = await this.codecs.of(framed.id);
    if (codec === null) return null;
    return incidentOf(codec.decode(framed.data) as Readonly<Record<string, Value>>);
  }
}

function incidentOf(row: Readonly<Record<string, Value>>): Incident {
  const text = (name: string): string => row[name] as string;
  return {
    dedupKey: text('dedup_key'),
    alert: text('alert'),
    action: text('action') as Incident['action'],
    reason: text('reason') as Incident['reason'],
    key: text('key'),
    row: text('row'),
    since: Number(row.since),
    openedAt: Number(row.opened_at),
    at: Number(row.at),
  };
}
