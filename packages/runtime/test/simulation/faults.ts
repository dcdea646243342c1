/** What goes wrong, and how often: drawn once for each seed, so that some runs see one kind of fault only. */
import { LogError, type CommitResult } from '../../src/log/log.js';

export type FaultKind =
  | 'commit aborted'
  | 'commit unknown, done'
  | 'commit unknown, not done'
  | 'commit fenced'
  | 'read failed'
  | 'join failed'
  | 'store write failed'
  | 'store row corrupt';

/** One in so many; 0: never. */
const RATES: Readonly<Record<FaultKind, number>> = {
  'commit aborted': 12,
  'commit unknown, done': 12,
  'commit unknown, not done': 12,
  'commit fenced': 30,
  'read failed': 80,
  'join failed': 10,
  'store write failed': 15,
  'store row corrupt': 60,
};

export class Faults {
  /** How often each happened. */
  readonly counts = new Map<string, number>();
  private readonly on: ReadonlySet<FaultKind>;
  /** Nothing goes wrong any more. */
  over = false;

  constructor(private readonly random: (n: number) => number) {
    this.on = new Set((Object.keys(RATES) as FaultKind[]).filter(() => random(3) === 0));
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** Whether it happens now. */
  happens(kind: FaultKind): boolean {
    if (this.over || !this.on.has(kind) || this.random(RATES[kind]) !== 0) return false;
    this.count(kind);
    return true;
  }

  /** @throws LogError as a read from a broker that is out of reach */
  read(topic: string): void {
    if (this.happens('read failed')) throw new LogError('unreachable', `${topic} cannot be read`, true);
  }

  join(): void {
    if (this.happens('join failed')) throw new LogError('unreachable', 'the group cannot be joined', true);
  }

  async commit(real: () => Promise<CommitResult>): Promise<CommitResult> {
    if (this.happens('commit aborted')) throw new LogError('aborted', 'the transaction was aborted', false);
    if (this.happens('commit unknown, not done')) throw new LogError('unknown', 'no answer to the commit', false);
    if (this.happens('commit fenced')) throw new LogError('fenced', 'another producer has the transactional id', false);
    const result = await real();
    if (this.happens('commit unknown, done')) throw new LogError('unknown', 'no answer to the commit', false);
    return result;
  }
}
