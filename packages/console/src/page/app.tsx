import { useEffect, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { Feed } from './feed.js';
import { useFeed } from './feed.js';
import { isPlain } from './keys.js';
import { Navigation } from './navigation/navigation.js';
import { placeOf, VIEWS } from './views.js';

export function App({ feed }: { readonly feed: Feed }): JSX.Element {
  const live = useFeed(feed);
  const { view, path } = usePlace();
  const { state, staleSince } = live;
  useEffect(() => {
    document.title = `${view.title} · ${state.title}`;
  }, [view, state.title]);
  return (
    <div class={staleSince === null ? 'page' : 'page stale'}>
      <a class="skip" href="#main" onClick={skip}>
        To the content
      </a>
      <Navigation live={live} view={view} />
      <main id="main" tabIndex={-1}>
        <view.show key={view.id} state={state} path={path} />
      </main>
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

/** The fragment is the view's: focus goes to the content without it. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')!.focus();
}
