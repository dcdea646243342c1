import { useEffect, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { isPlain } from '../keys.js';
import { chooseTheme, storedTheme, type Theme } from '../theme.js';

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'dark', dark: 'light', light: 'system' };

export function ThemeChoice(): JSX.Element {
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
    <button
      type="button"
      class="theme"
      data-key="t"
      aria-keyshortcuts="t"
      aria-label={`Colours: ${theme}`}
      onClick={() => choose(NEXT[theme])}
    >
      Colours: {theme}
    </button>
  );
}
