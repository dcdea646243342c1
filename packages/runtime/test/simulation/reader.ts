/** The independent reader of what is committed, and everything that must hold of it. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { Row } from '@rta/dsl';
import { AvroCodec, toValue } from '../../src/kernel/interpreter/avro-codec.js';
import type { Datum } from '../../src/kernel/interpreter/avro-read.js';
import { records } from '../../src/log/batch/records.js';
import type { Log } from '../../src/log/log.js';
import type { Event } from '../laws/events.js';
import { recompute, type Recomputed } from '../laws/recompute.js';
import type { LateReport, Written } from '../laws/stage-runner.js';
import { finalRows } from '../laws/text.js';
import type { Scenario, Sent, SumColumn } from './scenarios.js';

export type Input = ReadonlyMap<string, readonly (readonly Sent[])[]>;

interface Read extends Written {
  /** Its headers, as text. */
  readonly labels: Readonly<Record<string, string>>;
}

export class Reader {
  /** All that was ever committed to each output topic, in the order of its partitions. */
  private readonly written = new Map<string, Read[]>();
  private readonly positions = new Map<string, number>();
  private readonly expected: Recomputed;
  /** Bits of the last update by sink key. */
  private readonly last = new Map<string, bigint>();
  updates = 0;

  constructor(
    private readonly scenario: Scenario,
    private readonly input: Input,
    private readonly group: string,
  ) {
    this.expected = recompute(scenario.plan, rowsOf(input, scenario));
    for (const topic of this.topics) this.written.set(topic, []);
  }

  private get topics(): readonly string[] {
    return [...this.scenario.plan.sinks.map(({ topic }) => topic), 'late', 'dead'];
  }

  /** Reads on, and checks every update that is new; and, where the scenario allows, that outputs and offsets are of the same moment. */
  async readOn(log: Log): Promise<void> {
    for (const topic of this.topics) {
      for (const { partition, low, high } of await log.offsets(topic)) {
        const name = `${topic}-${String(partition)}`;
        const from = this.positions.get(name) ?? 0;
        if (high < from) throw new Error(`${name} ends at ${String(high)}, and was read to ${String(from)} before`);
        if (low > from) throw new Error(`${name} begins at ${String(low)}, and was read to ${String(from)} only`);
        for await (const batch of log.read(topic, partition, from, high))
          for (const record of records(batch, from)) {
            const labels = Object.fromEntries(record.headers.map((h) => [h.key, Buffer.from(h.value ?? []).toString()]));
            const [key, value] = [record.key?.slice() ?? null, record.value?.slice() ?? null];
            const read: Read = { key, value, timestamp: record.timestamp, partition, labels };
            this.written.get(topic)!.push(read);
            this.checkUpdate(topic, read);
          }
        this.positions.set(name, high);
      }
    }
    if (this.scenario.exactAtCommits) await this.expectExact(log);
  }

  /** When everything is processed. */
  expectFinal(): void {
    const { plan } = this.scenario;
    expect(finalRows(plan, this.written)).toEqual(this.expected.sinks);
    expect(this.letters('late')).toEqual(this.expected.late.map(letterOf).sort());
    const bad = [...this.input].flatMap(([topic, partitions]) =>
      partitions.flatMap((list, p) => list.flatMap((event, offset) => (event === null ? [`${topic} ${String(p)} ${String(offset)}`] : []))),
    );
    expect(this.letters('dead').map((text) => text.split(' ').slice(0, 3).join(' '))).toEqual(bad.sort());
  }

  /** Of the final rows of every sink, with their keys, in bytes. */
  digest(): string {
    const hash = createHash('sha256');
    for (const sink of this.scenario.plan.sinks) {
      const rows = new Map<string, string>();
      for (const [i, { key, value }] of this.written.get(sink.topic)!.entries()) {
        const name = Buffer.from(key ?? []).toString('hex');
        const id = sink.compacted ? name : String(i);
        if (value === null) rows.delete(id);
        else rows.set(id, `${name} ${Buffer.from(value).toString('hex')}`);
      }
      hash.update(JSON.stringify([sink.topic, [...rows.values()].sort()]));
    }
    return hash.digest('hex');
  }

  private letters(topic: string): string[] {
    return this.written
      .get(topic)!
      .map(({ labels }) =>
        ['rta.topic', 'rta.partition', 'rta.offset', 'rta.step', 'rta.windows'].map((name) => labels[name] ?? '').join(' '),
      )
      .sort();
  }

  /** What tasks of single stages have written is what comes of the records that they have committed to have read. */
  private async expectExact(log: Log): Promise<void> {
    const [{ name, partitions }] = this.scenario.topics;
    const offsets = await log.groupOffsets(
      this.group,
      Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
    );
    const expected: string[] = [];
    for (const { partition, offset } of offsets) {
      const prefix = this.input.get(name)![partition].slice(0, offset ?? 0);
      // Alone: each task has a watermark of its own.
      expected.push(...recompute(this.scenario.plan, rowsOf(new Map([[name, [prefix]]]), this.scenario)).sinks.get('out')!);
    }
    const seen = finalRows(this.scenario.plan, this.written).get('out')!;
    expect(seen, `after offsets ${offsets.map(({ offset }) => String(offset)).join()}`).toEqual(expected.sort());
  }

  private checkUpdate(topic: string, { key, value, partition }: Read): void {
    const sink = this.scenario.plan.sinks.find((s) => s.topic === topic);
    if (sink === undefined || this.scenario.sums.length === 0) return;
    this.updates++;
    const id = `${String(partition)} ${Buffer.from(key ?? []).toString('hex')}`;
    if (value === null) {
      this.last.delete(id);
      return;
    }
    const datum = new AvroCodec(sink.valueSchema!).decode(value.subarray(5)) as ReadonlyMap<string, Datum>;
    const row: Row = Object.fromEntries(sink.columns.map((c) => [c.name, toValue(c.type, datum.get(c.name)!)]));
    for (const sum of this.scenario.sums) {
      const bits = this.checkSum(sum, row);
      if (!this.scenario.grows) continue;
      const before = this.last.get(id) ?? 0n;
      if ((bits & before) !== before) throw new Error(`${show(row)} has lost records of the update before, ${before.toString(2)}`);
      this.last.set(id, bits);
    }
  }

  /** The records in a sum are records of its group, and with each of them all earlier ones of its partition. */
  private checkSum({ column, count, group, perUser = false, gapMs = 0 }: SumColumn, row: Row): bigint {
    const bits = BigInt(row[column] as number);
    let rest = bits;
    const [start, end] = [row['window_start'], row['window_end']] as (number | undefined)[];
    const belongs = (event: Event): boolean =>
      Object.entries(group).every(([name, of]) => row[name] === of(event)) &&
      (start === undefined || end === undefined || (event.at >= start && (gapMs > 0 ? event.at <= end - gapMs : event.at < end)));
    for (const [topic, partitions] of this.input)
      for (const [partition, list] of partitions.entries()) {
        const ended = new Set<string>();
        for (const [offset, event] of list.entries()) {
          if (
            event === null ||
            event.points === 0 ||
            !belongs(event) ||
            this.isLate(topic, partition, offset, gapMs > 0 ? undefined : start)
          )
            continue;
          const bit = BigInt(event.points);
          const way = perUser ? event.user : '';
          if ((bits & bit) === 0n) ended.add(way);
          else if (ended.has(way))
            throw new Error(`${show(row)}: ${column} has ${JSON.stringify(event)}, but not one before it of ${topic}-${String(partition)}`);
          rest &= ~bit;
        }
      }
    if (rest !== 0n) throw new Error(`${show(row)}: ${column} has records of others, or some twice: ${rest.toString(2)}`);
    const ends = Object.values(row).some((v) => typeof v === 'string' && v.startsWith('end '));
    if (count !== undefined && !ends && !('named' in row) && Number(row[count]) !== bits.toString(2).replaceAll('0', '').length)
      throw new Error(`${show(row)}: ${count} does not count the records of ${column}`);
    return bits;
  }

  private isLate(topic: string, partition: number, offset: number, window: number | undefined): boolean {
    return this.expected.late.some(
      (late) =>
        (late.topic ?? topic) === topic &&
        late.partition === partition &&
        late.offset === offset &&
        (window === undefined || late.windows.length === 0 || late.windows.some(({ start }) => start === window)),
    );
  }
}

function rowsOf(input: Input, { topics }: Scenario): Map<string, { row: Row; time: number }[][]> | { row: Row; time: number }[][] {
  const map = new Map(
    [...input].map(([topic, partitions]) => [
      topic,
      partitions.map((list) => list.map((event) => (event === null ? null : { row: { ...event }, time: event.at }))),
    ]),
  );
  return (topics[0].name === 'input' ? map.get('input') : map) as Map<string, { row: Row; time: number }[][]>;
}

function letterOf({ topic = 'input', partition, offset, step, windows }: LateReport): string {
  const missed = windows.map((w) => `${new Date(w.start).toISOString()}/${new Date(w.end).toISOString()}`).join(' ');
  return `${topic} ${String(partition)} ${String(offset)} ${step} ${missed}`;
}

function show(row: Row): string {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}
