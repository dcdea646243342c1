/** `joining`: it finds out where it goes on; `retrying`: the store says no, or is away; `failed`: it said so for good. */
type DeliveryState = 'joining' | 'delivering' | 'retrying' | 'failed' | 'stopped';

/** How the rows of a sink get to its store, since the start of the process. */
export interface DeliveryStatus {
  readonly state: DeliveryState;
  /** Since when it is in that state, ms since the epoch. */
  readonly since: number;
  /** Rows that the store is done with. */
  readonly rows: number;
  readonly batches: number;
  /** Times that the store said no, or was away. */
  readonly failures: number;
  /** The same, in a row. */
  readonly retries: number;
}

/** Counts on where another delivery of the sink ends, and this one begins. */
export class DeliveryFigures implements DeliveryStatus {
  state: DeliveryState = 'joining';
  since = Date.now();
  rows = 0;
  batches = 0;
  failures = 0;
  retries = 0;

  /** The store has taken a batch. */
  took(rows: number): void {
    this.rows += rows;
    this.batches++;
    this.answers();
  }

  /** The store is there. */
  answers(): void {
    this.retries = 0;
    this.is('delivering');
  }

  /** The store says no, or is away, and is asked again. */
  refused(): void {
    this.failures++;
    this.retries++;
    this.is('retrying');
  }

  is(state: DeliveryState): void {
    if (state !== this.state) this.since = Date.now();
    this.state = state;
  }
}
