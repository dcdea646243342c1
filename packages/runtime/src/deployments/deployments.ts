/**
 * The record of deployments on a log: read, followed, and changed by compare-and-set.
 *
 * Why a change is safe. Each change is one commit of the log's: its records, and an offset of the group `rta.deployments.writer` with the
 * change's unique id beside it. `Log.commitIdle` makes it only if the group's offset is still the one that we had read *before* we read the
 * records; so of two who have read the same, one commits, and the other is `fenced`, reads again and finds whether what it wants to change
 * has been changed. On Kafka the commit is a transaction of the group's only member under one transactional id: a second writer either
 * finds a member (`in_use`), or takes the group over and finds the first one's offset, or loses to a rebalance; each aborts a transaction
 * that is open, and nothing of it is ever read. On the embedded log its one owner does all commits in turn, also those that other processes
 * ask for. A commit in doubt is found by its id when the record is read again: offsets are fetched only when pending transactions have
 * ended, and records are read up to the end of the log, open transactions included. Kafka forgets offsets of a group a week after the
 * last change; then all read "none", and the first commit makes it one again.
 *
 * How `rta deploy` uses it:
 *
 * ```ts
 * const deployments = new Deployments(log);
 * const seen = await deployments.read();                 // the plan is made against this
 * …                                                      // judge, register schemas, make topics
 * await deployments.append(seen, drafts.flatMap(…deployed(seen.pipelines.get(name) ?? null, draft, who)));
 * ```
 * It rejects with DeploymentError `conflict` where one of these pipelines was changed after `seen`. Workers follow the record: what stands
 * in it is started by them, nothing else has to be told.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchBuilder } from '../log/batch/batch-builder.js';
import { records } from '../log/batch/records.js';
import { LogError, type Log, type OutputBatch, type TopicSpec } from '../log/log.js';
import { DeploymentsTable, encodeEntries, type DeploymentEntries, type DeploymentsSnapshot, type PipelineDeployments } from './record.js';
import { DeploymentError, type ChangedBy } from './transitions.js';

export const DEPLOYMENTS_TOPIC = 'rta.deployments';
/** No pipeline's: their names have no dot. */
const WRITERS = 'rta.deployments.writer';
const SPEC: TopicSpec = {
  name: DEPLOYMENTS_TOPIC,
  partitions: 1,
  config: { 'cleanup.policy': 'compact', 'max.message.bytes': String(8 * 1024 * 1024) },
};
/** Bytes of one change, all of its versions' sources together. */
const MAX_CHANGE_BYTES = 8 * 1024 * 1024 - 4096;
/** Others come in between, or a broker does not answer: so often, and so long (ms), a change is tried. */
const MAX_TRIES = 40;
const MAX_TRYING_MS = 60_000;

export class Deployments {
  private table = new DeploymentsTable();
  private next = 0;
  /** Reads take turns: each goes on where the one before ended. */
  private reading: Promise<unknown> = Promise.resolve();

  constructor(private readonly log: Log) {}

  /** All of it, as of now. Costs what is new since the last call. Rejects with LogError. */
  read(): Promise<DeploymentsSnapshot> {
    const turn = this.reading.then(() => this.readNew());
    this.reading = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Writes what `entries` says, all or nothing; resolves to the record with it.
   *
   * Rejects with DeploymentError `conflict` where a pipeline in `entries` is not the one of `seen` any more, `too_large`; and with LogError.
   */
  async append(seen: DeploymentsSnapshot, entries: readonly DeploymentEntries[]): Promise<DeploymentsSnapshot> {
    const all: DeploymentEntries = {
      versions: entries.flatMap(({ versions }) => versions),
      pipelines: entries.flatMap(({ pipelines }) => pipelines),
      forgotten: entries.flatMap(({ forgotten }) => forgotten),
    };
    if (all.pipelines.length === 0) return this.read();
    requireSize(batchesOf(all));
    await this.log.ensureTopics([SPEC]);
    const deadline = performance.now() + MAX_TRYING_MS;
    for (let tries = 1; ; tries++) {
      const [expected] = await this.log.groupOffsets(WRITERS, [{ topic: DEPLOYMENTS_TOPIC, partition: 0 }]);
      const now = await this.read();
      // It may be there already, from a commit whose outcome was in doubt.
      if (all.pipelines.every(({ pipeline, change }) => now.pipelines.get(pipeline)?.change === change)) return now;
      for (const { pipeline } of all.pipelines) requireUnchanged(seen.pipelines.get(pipeline), now.pipelines.get(pipeline), pipeline);
      try {
        const offset = { topic: DEPLOYMENTS_TOPIC, partition: 0, offset: this.next, metadata: randomUUID() };
        await this.log.commitIdle({
          group: WRITERS,
          transactionalId: WRITERS,
          expected: [expected],
          outputs: batchesOf(all),
          offsets: [offset],
        });
        return await this.read();
      } catch (error) {
        if (!(error instanceof LogError) || !mayPass(error) || tries >= MAX_TRIES || performance.now() > deadline) throw error;
        await sleep(Math.random() * Math.min(1000, 20 * 2 ** Math.min(tries, 6)));
      }
    }
  }

  /**
   * Decides on the record as it is, and writes that; decides anew where somebody was quicker. `decide` may throw.
   * Rejects as `append` does, but for `conflict`, unless that goes on.
   */
  async change(decide: (now: DeploymentsSnapshot) => DeploymentEntries): Promise<DeploymentsSnapshot> {
    for (let tries = 1; ; tries++) {
      const seen = await this.read();
      try {
        return await this.append(seen, [decide(seen)]);
      } catch (error) {
        if (!(error instanceof DeploymentError) || error.code !== 'conflict' || tries >= MAX_TRIES) throw error;
      }
    }
  }

  private async readNew(): Promise<DeploymentsSnapshot> {
    const offsets = await this.offsets();
    // `high`, not the last stable offset: the marker of a commit that the group's offsets show may still be on its way; `read` waits for it.
    if (offsets !== undefined && offsets.high < this.next) {
      // Somebody has deleted the topic, and it was made anew.
      this.table = new DeploymentsTable();
      this.next = 0;
    }
    if (offsets !== undefined && offsets.high > this.next) {
      const from = Math.max(this.next, offsets.low);
      for await (const batch of this.log.read(DEPLOYMENTS_TOPIC, 0, from, offsets.high))
        for (const { key, value } of records(batch, from))
          if (key !== null) this.table.apply({ key: text(key), value: value === null ? null : text(value) });
      this.next = offsets.high;
    }
    return this.table.snapshot();
  }

  private async offsets(): Promise<{ readonly low: number; readonly high: number } | undefined> {
    try {
      return (await this.log.offsets(DEPLOYMENTS_TOPIC)).find(({ partition }) => partition === 0);
    } catch (error) {
      // Nothing was ever deployed.
      if (error instanceof LogError && error.code === 'unknown_topic') return undefined;
      throw error;
    }
  }
}

/** Who makes a change, with an id of its own. @param by for people: `ada@build-7` */
export function changedBy(by: string, at: number): ChangedBy {
  return { by, at, change: randomUUID() };
}

/**
 * One pipeline of the record.
 *
 * @throws DeploymentError `not_deployed`
 */
export function pipelineOf({ pipelines }: DeploymentsSnapshot, name: string): PipelineDeployments {
  const found = pipelines.get(name);
  if (found !== undefined) return found;
  const names = [...pipelines.keys()].join(', ');
  throw new DeploymentError(
    'not_deployed',
    `${name} is not deployed`,
    names === '' ? 'nothing is: `rta deploy` does it' : `there is ${names}`,
  );
}

function requireUnchanged(seen: PipelineDeployments | undefined, now: PipelineDeployments | undefined, pipeline: string): void {
  if (seen?.revision === now?.revision || now === undefined) return;
  const { changedBy: who, changedAt, current, rebuild } = now;
  const what = `version ${String(rebuild?.version ?? current)}`;
  throw new DeploymentError(
    'conflict',
    `${pipeline} was changed meanwhile by ${who} at ${new Date(changedAt).toISOString()}: it is at ${what} now; nothing of yours was deployed`,
    'look at `rta history`, and plan again',
  );
}

function mayPass({ code, retriable }: LogError): boolean {
  return code === 'in_use' || code === 'fenced' || code === 'unknown' || retriable;
}

/** All records in one transaction; each version in a batch of its own. */
function batchesOf(entries: DeploymentEntries): OutputBatch[] {
  const builder = new BatchBuilder(DEPLOYMENTS_TOPIC, 0, 64 * 1024);
  const at = Math.max(...entries.pipelines.map(({ changedAt }) => changedAt));
  for (const { key, value } of encodeEntries(entries)) {
    const [keyBytes, valueBytes] = [Buffer.from(key), value === null ? null : Buffer.from(value)];
    builder.append(at, keyBytes, 0, keyBytes.length, valueBytes, 0, valueBytes?.length ?? 0, null);
  }
  return builder.take();
}

function requireSize(batches: readonly OutputBatch[]): void {
  const bytes = batches.reduce((sum, { batch }) => sum + batch.length, 0);
  if (bytes <= MAX_CHANGE_BYTES) return;
  throw new DeploymentError(
    'too_large',
    `what is to be deployed has ${String(bytes)} bytes, and ${DEPLOYMENTS_TOPIC} takes ${String(MAX_CHANGE_BYTES)}`,
    'deploy fewer pipelines at a time',
  );
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}
