/** How a task comes back: state from the newest of store and changelog, positions and watermarks from changelog and consumer group. */
import { records } from '../log/batch/records.js';
import { tpKey, type CommittedOffset, type Log, type PartitionOffsets } from '../log/log.js';
import type { StageKernel } from '../kernel/stage-kernel.js';
import type { Stage } from '../plan/physical.js';
import type { StateStore } from '../state/store.js';
import { PipelineError } from './errors.js';
import { decodePosition, encodePosition, isPositionKey, POSITION_KEY, type TaskPosition } from './position.js';

/** Offsets of a topic's partitions, each topic asked once per restore. */
export type OffsetsOf = (topic: string) => Promise<readonly PartitionOffsets[]>;

/** What all tasks of an assignment are restored from. */
export interface RestoredFrom {
  /** The group's offsets, read with require_stable before anything else (SEMANTICS rule 22). */
  readonly committed: readonly CommittedOffset[];
  readonly offsetsOf: OffsetsOf;
  /** Of the pipeline's history, see `TaskPosition`; null: the group has none. */
  readonly generation: number | null;
}

/** Rows of a changelog that go to the store at a time. */
const ROWS_AT_A_TIME = 50_000;
/** Read in some hundredths of a second. */
const FEW_ENTRIES = 10_000;

/**
 * The store's rows, then what the changelog has beyond the store's position; the store gets those as well. What both have of an entry is
 * what was last committed. The kernel is told as soon as rows are in the store, so that it may evict them. Where `stopped` says so it gives
 * up by throwing its reason; the store keeps what it has been given until then, and the next restore goes on from there.
 *
 * @throws PipelineError `state_lost` where records of the changelog were deleted that no store has
 */
export async function restoreState(task: {
  readonly log: Log;
  readonly changelog: string;
  readonly partition: number;
  readonly store: StateStore;
  /** Null: only the store gets the rows. */
  readonly kernel: StageKernel | null;
  readonly offsetsOf: OffsetsOf;
  /** Aborted when the task is not wanted any more. */
  readonly stopped: AbortSignal;
  /** Of the pipeline's history; null: not known, then a store is of no use. */
  readonly generation: number | null;
  readonly onProgress: () => void;
}): Promise<{ readonly position: TaskPosition | null; readonly replayed: number }> {
  const { log, changelog, partition, store, kernel, stopped } = task;
  let position: TaskPosition | null = null;
  const take = (key: Uint8Array, value: Uint8Array | null): void => {
    if (isPositionKey(key)) {
      position = value === null ? null : decodePosition(Buffer.from(value).toString('utf8'));
      // The pipeline was reset meanwhile: a copy must not mix its histories.
      if (kernel === null && position !== null && position.generation > (task.generation ?? 0)) throw new NotItsHistory();
    } else kernel?.restore(key, value);
  };
  const offsets = (await task.offsetsOf(changelog)).find((o) => o.partition === partition);
  // `high`, not the last stable offset: the marker of a commit that the group's offsets show may still be on its way; `read` waits for it.
  const end = offsets?.high ?? 0;
  const low = offsets?.low ?? 0;
  const stored = store.position();
  if (stored !== null && stored <= end && stored >= low && task.generation !== null && generationOf(store) === task.generation) {
    take(POSITION_KEY, store.get(POSITION_KEY) ?? null);
    let rows = 0;
    for await (const [key, value] of kernel === null ? [] : rowsFor(kernel, store, position)) {
      stopped.throwIfAborted();
      kernel?.restore(key, value);
      if (++rows % ROWS_AT_A_TIME !== 0) continue;
      kernel?.stored(0);
      task.onProgress();
    }
    kernel?.stored(0);
  } else if (stored !== null) await store.wipe();
  // Only somebody's hand deletes from a changelog: it is compacted, and that leaves the newest record of each key.
  if (store.position() === null && low > 0 && low < end) throw stateLost(tpKey(changelog, partition), `its records below ${String(low)}`);
  const from = store.position() ?? low;
  let replayed = 0;
  let pending: [Uint8Array, Uint8Array | null][] = [];
  const keep = async (next: number): Promise<void> => {
    // So that what is stored so far is known to be of this history; the changelog's own comes last.
    if (position === null && task.generation !== null && next < end) pending.push([POSITION_KEY, unfinished(task.generation)]);
    await store.write(pending, next);
    kernel?.stored(0);
    pending = [];
  };
  if (from >= end) return { position, replayed };
  let reached = from;
  try {
    for await (const batch of log.read(changelog, partition, from, end, stopped)) {
      for (const record of records(batch, from)) {
        if (record.offset >= end || record.key === null) continue;
        const key = record.key.slice();
        const value = record.value === null ? null : record.value.slice();
        take(key, value);
        pending.push([key, value]);
        replayed++;
      }
      task.onProgress();
      reached = Math.min(end, batch.lastOffset + 1);
      if (pending.length >= ROWS_AT_A_TIME) await keep(reached);
      stopped.throwIfAborted();
    }
  } catch (error) {
    if (stopped.aborted && pending.length > 0) await keep(reached);
    throw error;
  }
  await keep(end);
  return { position, replayed };
}

/** What the kernel has to have of a store. Little is sooner read than asked for entry by entry, and how much there is may not be known. */
async function* rowsFor(kernel: StageKernel, store: StateStore, position: TaskPosition | null): ReturnType<StateStore['range']> {
  const entries = position?.entries ?? [];
  if (entries.reduce((sum, count) => sum + count, 0) < FEW_ENTRIES) yield* store.range(Uint8Array.of(0), POSITION_KEY);
  else for (const number of kernel.leaveInStore(entries)) yield* store.range(Uint8Array.of(number), Uint8Array.of(number + 1));
}

/** The position of a restore that is not finished: nothing but the history that it is of. */
function unfinished(generation: number): Uint8Array {
  return Buffer.from(encodePosition({ offsets: {}, times: [], watermark: -Infinity, generation }), 'utf8');
}

/** The changelog goes on with a later history of the pipeline than the one that is restored. */
class NotItsHistory extends Error {
  override readonly name = 'NotItsHistory';
}

function stateLost(changelog: string, what: string): PipelineError {
  return new PipelineError(
    'state_lost',
    `${changelog}: ${what} were deleted, and no store here has what they said: state would be missing from the results; reset the pipeline, ` +
      'or start it where its state directory still is',
    false,
  );
}

/** Null where it has no position. A store of another history must not be read: its changelog may have been made anew under the same offsets. */
function generationOf(store: StateStore): number | null {
  const position = store.get(POSITION_KEY);
  return position === undefined ? null : (decodePosition(Buffer.from(position).toString('utf8'))?.generation ?? null);
}

/** Where a task begins. */
export interface StartPositions {
  /** By input of the stage. */
  readonly inputs: readonly {
    readonly offset: number;
    /** Last stable offset now. */
    readonly end: number;
    readonly maxEventTime: number;
    readonly upstream: readonly number[];
  }[];
  /** What was due by then has been closed before. */
  readonly watermark: number;
  readonly generation: number;
  /** Whether some input has no offset yet: the start offsets are to be committed before the first record (SEMANTICS rule 23). */
  readonly fresh: boolean;
  /** Whether something of it has been read before. */
  readonly begun: boolean;
}

/**
 * Positions of a task's inputs; where group and changelog disagree (group offsets expire) the changelog wins.
 *
 * @throws PipelineError `position_mismatch`, `offset_lost`, `partition_count`: going on would lose or double records
 */
export async function startPositions(
  task: {
    readonly stage: Stage;
    readonly partition: number;
    readonly stagePartitions: readonly number[];
    readonly changelogPosition: TaskPosition | null;
  } & RestoredFrom,
): Promise<StartPositions> {
  const { stage, partition } = task;
  const generation = task.generation ?? task.changelogPosition?.generation ?? 0;
  // That of an older history is of a state that was kept when the offsets were reset.
  const changelogPosition = (task.changelogPosition?.generation ?? generation) < generation ? null : task.changelogPosition;
  let fresh = false;
  let watermark = -Infinity;
  const inputs: StartPositions['inputs'][number][] = [];
  for (const [i, input] of stage.inputs.entries()) {
    const key = tpKey(input.topic, partition);
    const group = task.committed.find((c) => c.topic === input.topic && c.partition === partition);
    const fromGroup = group?.offset ?? null;
    const fromChangelog = changelogPosition?.offsets[key] ?? null;
    const range = (await task.offsetsOf(input.topic)).find((o) => o.partition === partition);
    const low = range?.low ?? 0;
    const reachable = range !== undefined && fromChangelog !== null && fromChangelog >= low && fromChangelog <= range.high;
    if (fromChangelog !== null && fromGroup !== null && fromGroup < fromChangelog && !reachable)
      throw new PipelineError(
        'position_mismatch',
        `${key}: the consumer group is at ${String(fromGroup)} but the state is at ${String(fromChangelog)}, which is no longer in the topic; reset the pipeline`,
        false,
      );
    if (task.changelogPosition === null && stage.changelog !== null && hasRead(group))
      throw stateLost(tpKey(stage.changelog, partition), 'all its records');
    const start = fromChangelog ?? fromGroup;
    if (start === null) fresh = true;
    else if (start < low && input.kind === 'source')
      throw new PipelineError(
        'offset_lost',
        `${key}: records from ${String(start)} to ${String(low - 1)} were deleted before they were read; reset the pipeline, or lengthen the topic's retention`,
        false,
      );
    const position = changelogPosition ?? (group ? decodePosition(group.metadata) : null);
    const upstreamCount = input.kind === 'repartition' ? task.stagePartitions[input.fromStage] : 0;
    const time = position?.times[i];
    if (time && time.upstream.length !== upstreamCount)
      throw new PipelineError(
        'partition_count',
        `${input.topic}: the number of upstream partitions changed from ${String(time.upstream.length)} to ${String(upstreamCount)}; ` +
          'results would no longer be a function of the input: deploy the pipeline under a new name, or reset it',
        false,
      );
    inputs.push({
      offset: start ?? (input.kind === 'source' && input.start === 'latest' ? (range?.high ?? low) : low),
      end: range?.stable ?? 0,
      maxEventTime: time?.maxEventTime ?? -Infinity,
      upstream: time?.upstream ?? new Array<number>(upstreamCount).fill(-Infinity),
    });
    if (position) watermark = Math.max(watermark, position.watermark);
  }
  const begun = inputs.some(({ maxEventTime, upstream }) => maxEventTime > -Infinity || upstream.some((heard) => heard > -Infinity));
  return { inputs, watermark, generation, fresh, begun };
}

/** Whether what the group has of an input says that records with a time have been processed. */
function hasRead(group: CommittedOffset | undefined): boolean {
  const position = group === undefined ? null : decodePosition(group.metadata);
  return position?.times.some((time) => time.maxEventTime > -Infinity || time.upstream.some((upstream) => upstream > -Infinity)) === true;
}
