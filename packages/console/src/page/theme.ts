/** Light or dark: as the system is, unless the reader has chosen. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'rta-theme';

export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    return 'system'; // storage is refused
  }
}

export function chooseTheme(theme: Theme): void {
  try {
    if (theme === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // It holds as long as the page then.
  }
  applyTheme(theme);
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

/** What variables of the style sheet come to now. What `light-dark()` does can only be read of an element that has it as its colour. */
export function coloursOf(variables: readonly string[]): string[] {
  const probe = document.createElement('span');
  document.body.append(probe);
  const found = variables.map((name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return found;
}
