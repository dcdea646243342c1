/** Ranked bars that move to their new places (FLIP: first, last, invert, play). */
import { Component, createRef, type JSX } from 'preact';
import type { BoardRow } from '../../wire.js';
import type { Bar } from './board-data.js';
import { Sparkline } from './sparkline.js';

interface RankingProps {
  readonly name: string;
  readonly bars: readonly Bar[];
  /** Rows that there is room for from the beginning. */
  readonly places: number;
  /** Told which bar was clicked, or had Enter pressed on it. */
  readonly choose: (bar: Bar) => void;
}

interface RankingState {
  /** The key of the bar that Tab leads to; the first one where that is gone. Arrows go on from there. */
  readonly at: string;
}

const MOVE: KeyframeAnimationOptions = { duration: 450, easing: 'cubic-bezier(0.2, 0, 0, 1)' };
/** Of those that are drawn; the table has all. */
const MOST = 25;

/** By key, pixels below the top of the list; in the middle of a move where it is then. */
type Tops = ReadonlyMap<string, number>;

interface Before {
  readonly tops: Tops;
  /** The bar that has the focus. */
  readonly focused: HTMLElement | null;
}

export class Ranking extends Component<RankingProps, RankingState> {
  override state: RankingState = { at: '' };
  private readonly list = createRef<HTMLOListElement>();

  override getSnapshotBeforeUpdate(): Before {
    const { activeElement } = document;
    const focused = activeElement instanceof HTMLElement && this.list.current?.contains(activeElement) === true ? activeElement : null;
    return { tops: this.tops(), focused };
  }

  override componentDidUpdate(_props: RankingProps, _state: RankingState, { tops: before, focused }: Before): void {
    const items = this.items();
    // Who is put elsewhere in the list loses it.
    if (focused?.isConnected === true && document.activeElement !== focused) focused.focus({ preventScroll: true });
    for (const item of items) for (const animation of item.getAnimations()) animation.cancel();
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const after = this.tops();
    for (const item of items) {
      const [from, to] = [before.get(item.dataset['key']!), after.get(item.dataset['key']!)!];
      if (from === undefined) item.animate([{ opacity: 0 }, { opacity: 1 }], MOVE);
      else if (Math.abs(from - to) >= 1) item.animate([{ transform: `translateY(${from - to}px)` }, { transform: 'none' }], MOVE);
    }
  }

  override render({ name, bars, places, choose }: RankingProps, { at }: RankingState): JSX.Element {
    const shown = bars.slice(0, MOST);
    const most = Math.max(...shown.map(({ size }) => size), Number.MIN_VALUE);
    const reached = shown.some(({ key }) => key === at) ? at : shown[0]?.key;
    return (
      <ol
        class="ranking"
        ref={this.list}
        aria-label={name}
        // Values as wide as the widest, so that all bars have the same scale.
        style={{ '--places': Math.min(places, MOST), '--characters': Math.max(0, ...shown.map(({ value }) => value.length)) }}
        onKeyDown={(event) => this.onKey(event)}
      >
        {shown.map((bar) => (
          <li key={bar.key} data-key={bar.key}>
            <button
              type="button"
              tabIndex={bar.key === reached ? 0 : -1}
              title={`${bar.label}: where ${bar.value} comes from`}
              onFocus={() => this.setState({ at: bar.key })}
              onClick={() => choose(bar)}
            >
              <span class="rank">{bar.rank}</span>
              <Moved by={bar.row.moved} />
              <span class="label">{bar.label}</span>
              <span class="track" aria-hidden="true">
                <span class="bar" style={{ transform: `scaleX(${bar.size / most})` }} />
              </span>
              <Sparkline values={bar.row.trend ?? []} />
              <span class="value">{bar.value}</span>
              <FinalMark final={bar.row.final} />
            </button>
          </li>
        ))}
      </ol>
    );
  }

  private onKey(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const items = this.items();
    const now = items.findIndex((item) => item.contains(document.activeElement));
    if (step === 0 || now < 0) return;
    event.preventDefault();
    items[(now + step + items.length) % items.length].querySelector('button')!.focus();
  }

  private items(): HTMLElement[] {
    return [...(this.list.current?.children ?? [])] as HTMLElement[];
  }

  private tops(): Tops {
    const top = this.list.current?.getBoundingClientRect().top ?? 0;
    return new Map(this.items().map((item) => [item.dataset['key']!, item.getBoundingClientRect().top - top]));
  }
}

/** Places within the last minute. */
function Moved({ by }: { readonly by: BoardRow['moved'] }): JSX.Element {
  if (by === 'new')
    return (
      <span class="moved up" title="new within a minute">
        new
      </span>
    );
  if (by === null || by === 0) return <span class="moved" />;
  const text = `${by > 0 ? 'up' : 'down'} ${Math.abs(by)} within a minute`;
  return (
    <span class={by > 0 ? 'moved up' : 'moved down'} title={text} role="img" aria-label={text}>
      {by > 0 ? '▲' : '▼'}
      {Math.abs(by)}
    </span>
  );
}

/** Whether events that come may change the number. */
export function FinalMark({ final }: { readonly final: boolean }): JSX.Element {
  const text = final ? 'final' : 'not final: events that come may change it';
  return <span class={final ? 'mark final' : 'mark'} role="img" aria-label={text} title={text} />;
}
