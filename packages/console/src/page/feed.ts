/** The state as it is now: what stood in the page, then what `/console/live` tells. */
import { useEffect, useState } from 'preact/hooks';
import type { BoardRows, ConsoleState, Figures, HistoryPoint, PipelineFigures } from '../wire.js';

/** ms without a word after which what is shown counts as old. The server says something every half second. */
const STALE_MS = 1_750;
const LOOK_MS = 250;
/** As many as the server keeps. */
const HISTORY = 300;
/** A browser gives up on a connection for good after some answers; then it is asked again. */
const AGAIN_MS = 1_000;

export interface Live {
  readonly state: ConsoleState;
  /** Since when nothing has come, ms since the epoch; null: the connection stands. */
  readonly staleSince: number | null;
}

export class Feed {
  private live: Live;
  private source: EventSource | null = null;
  private heardAt = performance.now();
  private readonly listeners = new Set<() => void>();

  constructor(state: ConsoleState) {
    this.live = { state, staleSince: null };
    setInterval(() => this.look(), LOOK_MS);
    this.connect();
  }

  get now(): Live {
    return this.live;
  }

  /** Called at each change, until the function that is returned is. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private connect(): void {
    // A token that the page was asked with goes along.
    const source = new EventSource(`/console/live${location.search}`);
    this.source = source;
    const on = (event: string, take: (data: never) => Partial<ConsoleState>): void => {
      source.addEventListener(event, ({ data }: MessageEvent<string>) => {
        this.heardAt = performance.now();
        const state = { ...this.live.state, ...take(JSON.parse(data) as never) };
        if (state.run !== this.live.state.run) location.reload();
        this.become({ state, staleSince: null });
      });
    };
    on('state', (state: ConsoleState) => state);
    on('boards', (changed: readonly BoardRows[]) => ({ boards: withChanged(this.live.state.boards, changed) }));
    on('figures', (figures: Figures) => ({ figures, history: withPoints(this.live.state.history, figures) }));
    on('alive', () => ({}));
    source.addEventListener('error', () => {
      this.stale();
      if (source.readyState !== EventSource.CLOSED) return;
      source.close();
      setTimeout(() => this.source === source && this.connect(), AGAIN_MS);
    });
  }

  private look(): void {
    if (performance.now() - this.heardAt > STALE_MS) this.stale();
  }

  private stale(): void {
    if (this.live.staleSince === null) this.become({ ...this.live, staleSince: Date.now() });
  }

  private become(live: Live): void {
    this.live = live;
    for (const listener of this.listeners) listener();
  }
}

export function useFeed(feed: Feed): Live {
  const [live, become] = useState(feed.now);
  useEffect(() => feed.subscribe(() => become(feed.now)), [feed]);
  return live;
}

function withChanged(boards: readonly BoardRows[], changed: readonly BoardRows[]): readonly BoardRows[] {
  const ids = new Set(changed.map(({ id }) => id));
  return [...boards.filter(({ id }) => !ids.has(id)), ...changed];
}

function withPoints(history: ConsoleState['history'], { asOf, pipelines }: Figures): ConsoleState['history'] {
  const point = ({ inPerSecond, lag, endToEnd }: PipelineFigures): HistoryPoint => ({ at: asOf, inPerSecond, lag, endToEnd });
  return Object.fromEntries(pipelines.map((each) => [each.pipeline, [...(history[each.pipeline] ?? []), point(each)].slice(-HISTORY)]));
}
