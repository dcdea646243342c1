import { useEffect, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { Feed } from './feed.js';
import { useFeed } from './feed.js';
import { clockText } from './format.js';
import { chooseTheme, storedTheme, type Theme } from './theme.js';
import { placeOf, VIEWS } from './views.js';

export function App({ feed }: { readonly feed: Feed }): JSX.Element {
  const live = useFeed(feed);
  const { view, path } = usePlace();
  const { state, staleSince } = live;
  useEffect(() => {
    document.title = `${view.title} · ${state.title}`;
  }, [view, state.title]);
  const asOf = state.figures?.asOf ?? null;
  return (
    <div class={staleSince === null ? 'page' : 'page stale'}>
      <a class="skip" href="#main" onClick={skip}>
        To the content
      </a>
      <header>
        <h1>{state.title}</h1>
        <span class="soft on">{state.on}</span>
        <nav aria-label="Views">
          {VIEWS.map(({ id, title, key }) => (
            <a key={id} href={`#${id}`} aria-current={id === view.id ? 'page' : undefined} aria-keyshortcuts={key}>
              {title}
            </a>
          ))}
        </nav>
        <p class="connection" role="status">
          {staleSince === null ? (
            <span class="live">live · as of {clockText(asOf)} UTC</span>
          ) : (
            <span class="lost">connection lost · as of {clockText(asOf)} UTC</span>
          )}
        </p>
        <ThemeChoice />
      </header>
      <main id="main" tabIndex={-1}>
        <view.show key={view.id} state={state} path={path} />
      </main>
      <footer class="soft">
        Keys:{' '}
        {VIEWS.map(({ id, title, key }) => (
          <span key={id}>
            <kbd>{key}</kbd> {title.toLowerCase()},{' '}
          </span>
        ))}
        <kbd>t</kbd> light or dark. Times are UTC.
      </footer>
    </div>
  );
}

/** What the fragment of the address names. Keys choose too. */
function usePlace(): ReturnType<typeof placeOf> {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const onHash = (): void => setHash(location.hash);
    const onKey = (event: KeyboardEvent): void => {
      const named = VIEWS.find(({ key }) => key === event.key);
      if (named !== undefined && isPlain(event)) location.hash = named.id;
    };
    addEventListener('hashchange', onHash);
    addEventListener('keydown', onKey);
    return () => {
      removeEventListener('hashchange', onHash);
      removeEventListener('keydown', onKey);
    };
  }, []);
  return placeOf(hash);
}

/** Of no combination of keys, and not typed into something. */
function isPlain({ ctrlKey, altKey, metaKey, target }: KeyboardEvent): boolean {
  return !ctrlKey && !altKey && !metaKey && !(target instanceof HTMLElement && target.matches('input, select, textarea'));
}

/** The fragment is the view's: focus goes to the content without it. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')!.focus();
}

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'dark', dark: 'light', light: 'system' };

function ThemeChoice(): JSX.Element {
  const [theme, setTheme] = useState(storedTheme);
  const choose = (next: Theme): void => {
    chooseTheme(next);
    setTheme(next);
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 't' && isPlain(event)) choose(NEXT[storedTheme()]);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <button type="button" class="theme" aria-keyshortcuts="t" aria-label={`Colours: ${theme}`} onClick={() => choose(NEXT[theme])}>
      {theme}
    </button>
  );
}
