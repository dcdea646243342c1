import { useEffect, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { Boards } from './boards/boards.js';
import type { Feed } from './feed.js';
import { useFeed } from './feed.js';
import { Freshness } from './freshness/freshness.js';
import { clockText } from './format.js';
import { chooseTheme, storedTheme, type Theme } from './theme.js';
import { Topology } from './topology/topology.js';

const VIEWS = [
  { id: 'boards', title: 'Boards' },
  { id: 'topology', title: 'Topology' },
  { id: 'freshness', title: 'Freshness' },
] as const;

type ViewId = (typeof VIEWS)[number]['id'];

export function App({ feed }: { readonly feed: Feed }): JSX.Element {
  const live = useFeed(feed);
  const view = useView();
  const { state, staleSince } = live;
  useEffect(() => {
    document.title = `${VIEWS.find(({ id }) => id === view)!.title} · ${state.title}`;
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
          {VIEWS.map(({ id, title }, i) => (
            <a key={id} href={`#${id}`} aria-current={id === view ? 'page' : undefined} aria-keyshortcuts={String(i + 1)}>
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
        {view === 'boards' && <Boards state={state} />}
        {view === 'topology' && <Topology state={state} />}
        {view === 'freshness' && <Freshness state={state} />}
      </main>
      <footer class="soft">
        Keys: <kbd>1</kbd> boards, <kbd>2</kbd> topology, <kbd>3</kbd> freshness, <kbd>t</kbd> light or dark. Times are UTC.
      </footer>
    </div>
  );
}

/** What the fragment of the address names; the first where it names none. Digits choose too. */
function useView(): ViewId {
  const [view, setView] = useState(viewOf(location.hash));
  useEffect(() => {
    const onHash = (): void => setView(viewOf(location.hash));
    const onKey = (event: KeyboardEvent): void => {
      const named = VIEWS[Number(event.key) - 1];
      if (named !== undefined && isPlain(event)) location.hash = named.id;
    };
    addEventListener('hashchange', onHash);
    addEventListener('keydown', onKey);
    return () => {
      removeEventListener('hashchange', onHash);
      removeEventListener('keydown', onKey);
    };
  }, []);
  return view;
}

function viewOf(hash: string): ViewId {
  return VIEWS.find(({ id }) => `#${id}` === hash)?.id ?? 'boards';
}

/** Of no combination of keys, and not typed into something. */
function isPlain({ ctrlKey, altKey, metaKey, target }: KeyboardEvent): boolean {
  return !ctrlKey && !altKey && !metaKey && !(target instanceof HTMLInputElement || target instanceof HTMLSelectElement);
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
