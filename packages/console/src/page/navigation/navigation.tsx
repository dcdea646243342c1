/**
 * What runs, whether it is still heard of, and the views by what they are for: a bar at the side, and on a narrow page one line on top with a
 * button that opens them.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { Live } from '../feed.js';
import { clockText } from '../format.js';
import { GROUPS, type View } from '../views.js';
import { ThemeChoice } from './theme-choice.js';

interface NavigationProps {
  readonly live: Live;
  /** The one that is shown. */
  readonly view: View;
}

export function Navigation({ live: { state, staleSince }, view }: NavigationProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => setOpen(false), [view]);
  // As soon as it is to be seen: whoever presses Escape then means it.
  useLayoutEffect(() => {
    if (!isOpen) return;
    const onKey = ({ key }: KeyboardEvent): void => {
      if (key !== 'Escape') return;
      setOpen(false);
      button.current?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [isOpen]);
  return (
    <header>
      <button
        ref={button}
        type="button"
        class="menu"
        aria-expanded={isOpen}
        aria-controls="views"
        aria-label={`Views, now ${view.title}`}
        onClick={() => setOpen(!isOpen)}
      >
        <span aria-hidden="true">☰</span> {view.title}
      </button>
      <div class="brand">
        <h1>{state.title}</h1>
        <span class="soft on" title={state.on}>
          {state.on}
        </span>
      </div>
      <Connection asOf={state.figures?.asOf ?? null} isLost={staleSince !== null} />
      <div id="views" class={isOpen ? 'views open' : 'views'}>
        <nav aria-label="Views">
          {GROUPS.map(({ title, views }) => (
            <section key={title} aria-label={title}>
              <p class="soft">{title}</p>
              {views.map((each) => (
                <a
                  key={each.id}
                  href={`#${each.id}`}
                  data-key={each.key}
                  aria-current={each === view ? 'page' : undefined}
                  aria-keyshortcuts={each.key}
                  onClick={() => setOpen(false)}
                >
                  {each.title}
                </a>
              ))}
            </section>
          ))}
        </nav>
        <ThemeChoice />
        <p class="soft utc">Times are UTC.</p>
      </div>
    </header>
  );
}

function Connection({ asOf, isLost }: { readonly asOf: number | null; readonly isLost: boolean }): JSX.Element {
  return (
    <p class="connection" role="status">
      <span class={isLost ? 'lost' : 'live'}>
        {isLost ? 'connection lost' : 'live'} · <span class="as-of">as of </span>
        {clockText(asOf)} UTC
      </span>
    </p>
  );
}
