/**
 * Scores straight into record batches: no object per record is made, and what is the same for every score of a player is encoded once.
 *
 * ```
 * key   := user_id                                                           plain UTF-8
 * value := 0x00 schemaId:int32 BE  user_id team_id team_name:string  score:int  event_time_millis:long  readable_time event_type:string
 *          (defaults of the fields that the schema has beyond these)
 * ```
 */
import type { AvroSchema } from '@rta/dsl';
import { codecFor, frame } from '@rta/registry';
import { BatchBuilder, partitionOf, writeVarint, writeVarlong, type OutputBatch } from '@rta/runtime';
import { Failure } from '../../failure.js';
import { isNth } from '../late.js';
import type { EventEncoder } from '../scenario.js';
import type { Player, Score } from './game.js';

const FIELDS: readonly (readonly [name: string, type: string])[] = [
  ['user_id', 'string'],
  ['team_id', 'string'],
  ['team_name', 'string'],
  ['score', 'int'],
  ['event_time_millis', 'long'],
  ['readable_time', 'string'],
  ['event_type', 'string'],
];

/** What an event of the game is called; the schema leaves room for others. */
const EVENT_TYPE = 'score';

/** `2026-01-31 12:00:00.123`, UTC. */
const READABLE_BYTES = 23;
/** Beside the prefix and the suffix: score and length of the time at most 5, the time at most 10. */
const VARIABLE_BYTES = 5 + 10 + 5 + READABLE_BYTES;

interface EncodedPlayer {
  readonly key: Uint8Array;
  /** From the frame to the team's name. */
  readonly prefix: Uint8Array;
  readonly builder: BatchBuilder;
}

export class ScoreEncoder implements EventEncoder<Score> {
  private readonly builders: readonly BatchBuilder[];
  private readonly players = new WeakMap<Player, EncodedPlayer>();
  private readonly suffix: Uint8Array;
  private readonly second = Buffer.alloc(READABLE_BYTES);
  private secondMs = Number.NaN;
  private encoded = 0;
  private scratch = new Uint8Array(256);

  /** @throws Failure `schema_mismatch` where the schema is not that of a score, in the order above */
  constructor(
    topic: string,
    private readonly partitions: number,
    schema: AvroSchema,
    private readonly schemaId: number,
    private readonly brokenEvery: number,
  ) {
    this.suffix = Buffer.concat([avroString(EVENT_TYPE), defaultsBeyond(schema)]);
    this.builders = Array.from({ length: partitions }, (_, partition) => new BatchBuilder(topic, partition));
  }

  append(score: Score, now: number): void {
    const { player, points, timeMs } = score;
    let encoded = this.players.get(player);
    if (encoded === undefined) this.players.set(player, (encoded = this.encodePlayer(player)));
    const { key, prefix, builder } = encoded;
    const { suffix } = this;
    const needed = prefix.length + VARIABLE_BYTES + suffix.length;
    if (needed > this.scratch.length) this.scratch = new Uint8Array(2 * needed);
    const b = this.scratch;
    b.set(prefix);
    let p = writeVarint(b, prefix.length, points);
    p = writeVarlong(b, p, timeMs);
    p = writeVarint(b, p, READABLE_BYTES);
    p = this.writeReadable(b, p, timeMs);
    b.set(suffix, p);
    const size = p + suffix.length;
    const end = isNth(++this.encoded, this.brokenEvery) ? size >> 1 : size;
    builder.append(Math.min(timeMs, now), key, 0, key.length, b, 0, end, null);
  }

  take(): OutputBatch[] {
    return this.builders.flatMap((builder) => builder.take());
  }

  private encodePlayer({ id, team }: Player): EncodedPlayer {
    const key = Buffer.from(id);
    const prefix = frame(this.schemaId, Buffer.concat([avroString(id), avroString(team.id), avroString(team.name)]));
    return { key, prefix, builder: this.builders[partitionOf(key, 0, key.length, this.partitions)] };
  }

  private writeReadable(b: Uint8Array, p: number, timeMs: number): number {
    const ms = ((timeMs % 1000) + 1000) % 1000;
    if (timeMs - ms !== this.secondMs) {
      this.secondMs = timeMs - ms;
      this.second.write(new Date(this.secondMs).toISOString().replace('T', ' ').slice(0, READABLE_BYTES), 'latin1');
    }
    b.set(this.second, p);
    const end = p + READABLE_BYTES;
    b[end - 3] = 48 + Math.floor(ms / 100);
    b[end - 2] = 48 + (Math.floor(ms / 10) % 10);
    b[end - 1] = 48 + (ms % 10);
    return end;
  }
}

function avroString(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const out = new Uint8Array(5 + bytes.length);
  const start = writeVarint(out, 0, bytes.length);
  out.set(bytes, start);
  return out.subarray(0, start + bytes.length);
}

/** Checks that the schema begins with the fields of a score; the encoded defaults of those after them. */
function defaultsBeyond(schema: AvroSchema): Uint8Array {
  const { type, fields = [] } = schema as { type?: unknown; fields?: readonly { name: string; type: unknown; default?: unknown }[] };
  const wrong = FIELDS.find(([name, fieldType], i) => fields[i]?.name !== name || fields[i]?.type !== fieldType);
  const more = fields.slice(FIELDS.length);
  const bare = more.find((field) => field.default === undefined);
  if (type !== 'record' || wrong !== undefined || bare !== undefined) {
    const why = bare === undefined ? `${wrong?.join(': ') ?? 'a record'} is not where it should be` : `${bare.name} has no default`;
    throw new Failure(
      'schema_mismatch',
      `the schema is not that of a score: ${why}`,
      `its first fields must be ${FIELDS.map((field) => field.join(': ')).join(', ')}; further fields need a default`,
    );
  }
  return codecFor({ type: 'record', name: 'Beyond', fields: more }).encode({});
}
