/** Ranked bars that move to their new places (FLIP: first, last, invert, play). */
import { Component, createRef, type JSX } from 'preact';
import type { BoardRow } from '../../wire.js';

export interface Bar {
  /** Who it is, whatever the rank. */
  readonly key: string;
  readonly rank: string;
  readonly label: string;
  readonly value: string;
  readonly size: number;
  readonly moved: BoardRow['moved'];
}

interface RankingProps {
  readonly name: string;
  readonly bars: readonly Bar[];
  /** Rows that there is room for from the beginning. */
  readonly places: number;
}

const MOVE: KeyframeAnimationOptions = { duration: 450, easing: 'cubic-bezier(0.2, 0, 0, 1)' };
/** Of those that are drawn; the table has all. */
const MOST = 25;

/** By key, pixels below the top of the list; in the middle of a move where it is then. */
type Tops = ReadonlyMap<string, number>;

export class Ranking extends Component<RankingProps> {
  private readonly list = createRef<HTMLOListElement>();

  override getSnapshotBeforeUpdate(): Tops {
    return this.tops();
  }

  override componentDidUpdate(_props: RankingProps, _state: object, before: Tops): void {
    const items = this.items();
    for (const item of items) for (const animation of item.getAnimations()) animation.cancel();
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const after = this.tops();
    for (const item of items) {
      const [from, to] = [before.get(item.dataset['key']!), after.get(item.dataset['key']!)!];
      if (from === undefined) item.animate([{ opacity: 0 }, { opacity: 1 }], MOVE);
      else if (Math.abs(from - to) >= 1) item.animate([{ transform: `translateY(${from - to}px)` }, { transform: 'none' }], MOVE);
    }
  }

  override render({ name, bars, places }: RankingProps): JSX.Element {
    const shown = bars.slice(0, MOST);
    const most = Math.max(...shown.map(({ size }) => size), Number.MIN_VALUE);
    return (
      <ol class="ranking" ref={this.list} aria-label={name} style={{ '--places': Math.min(places, MOST) }}>
        {shown.map(({ key, rank, label, value, size, moved }) => (
          <li key={key} data-key={key}>
            <span class="rank">{rank}</span>
            <Moved by={moved} />
            <span class="label" title={label}>
              {label}
            </span>
            <span class="track" aria-hidden="true">
              <span class="bar" style={{ transform: `scaleX(${size / most})` }} />
            </span>
            <span class="value">{value}</span>
          </li>
        ))}
      </ol>
    );
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
function Moved({ by }: { readonly by: Bar['moved'] }): JSX.Element {
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
