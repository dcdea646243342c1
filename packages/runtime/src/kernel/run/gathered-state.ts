/**
 * A fold whose windows overlap and whose rows go out before they close: what comes between two flushes is gathered by pane (see plan/panes.ts), and
 * then each pane is folded into the windows that it is in, once. So a record, or a partial, is counted once however many windows it is in. What is
 * kept, written and given is that of the windows, as without.
 */
import { alignedWindows, type AlignedWindows, isAligned } from '../../plan/aligned-windows.js';
import { panesOf, paneStart, windowOf } from '../../plan/panes.js';
import type { GroupTable } from '../../state/group-table.js';
import { KEY_LENGTH } from '../../state/group-table-rows.js';
import { FoldState } from './fold-state.js';
import type { FoldCode, FoldNode } from './fold-tables.js';
import { Scratch } from './scratch.js';
import type { TaskState } from './task-state.js';
import { WindowTables } from './window-tables.js';

export class GatheredState extends FoldState {
  /** Panes, and windows for the records that were late for others; for generated code. */
  readonly gathered: WindowTables;
  /** What windows are closed is asked when panes are folded into them. */
  readonly closed = -Infinity;
  private readonly kind: AlignedWindows;
  private readonly entry = new Scratch();

  constructor(node: FoldNode, index: number, code: FoldCode, K: TaskState, fingerprint: number) {
    super(node, index, code, K, fingerprint);
    const { window } = node.transform;
    if (!isAligned(window)) throw new Error(`${node.id} has no panes`);
    this.kind = alignedWindows(window);
    this.gathered = new WindowTables(code.layout, panesOf(this.kind));
  }

  /** A partial of a pane, or of a window. */
  protected override addTo(
    K: TaskState,
    id: number,
    bytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    start: number,
    end: number,
  ): void {
    this.addPartial(K, this.gathered.at(id), bytes, keyStart, keyEnd, start, end);
  }

  override flush(K: TaskState, watermark: number): void {
    this.spill(K);
    super.flush(K, watermark);
  }

  /** Folds what was gathered into the windows. */
  private spill(K: TaskState): void {
    const { entry } = this;
    for (const pane of this.gathered.inOrder()) {
      const windows = this.windowsOf(pane.id).map((id) => this.windows!.at(id));
      for (let slot = 0; slot < pane.slots; slot++) {
        const length = pane.meta[slot * pane.metaStride + KEY_LENGTH];
        if (length < 0) continue;
        const start = pane.keyStart(slot);
        const keyEnd = entry.copy(0, pane.keyBytes(slot), start, start + length);
        // Groups that come back from the store write to the same scratch: a copy.
        const end = entry.copy(keyEnd, K.values.bytes, 0, this.code.writeEntry(K, pane, slot, 0));
        for (const window of windows) this.addPartial(K, window, entry.bytes, 0, keyEnd, keyEnd, end);
      }
      this.gathered.close(pane);
    }
  }

  private windowsOf(id: number): readonly number[] {
    const time = paneStart(id);
    if (Number.isNaN(time)) return [windowOf(id)];
    const found: number[] = [];
    for (let window = this.kind.first(time); !Number.isNaN(window); window = this.kind.next(window, time)) found.push(window);
    return found;
  }

  override nextDue(): number {
    return Math.min(super.nextDue(), this.gathered.firstEnd + this.grace);
  }

  override relieve(total: number, limit: number): void {
    if (total > limit) this.spill(this.task);
    super.relieve(total, limit);
  }

  override entries(): number {
    return super.entries() + this.sumOf(({ size }) => size);
  }

  override bytes(): number {
    return super.bytes() + this.sumOf(({ bytes }) => bytes);
  }

  override dirtyEntries(): number {
    return super.dirtyEntries() + this.sumOf(({ size }) => size);
  }

  private sumOf(count: (table: GroupTable) => number): number {
    let sum = 0;
    for (const table of this.gathered.all()) sum += count(table);
    return sum;
  }
}
