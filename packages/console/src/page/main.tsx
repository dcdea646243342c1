/** The page: drawn at once from the state that stands in it, then kept up to date by what the server tells. */
import { render } from 'preact';
import { App } from './app.js';
import { applyTheme, storedTheme } from './theme.js';
import { Feed } from './feed.js';
import type { ConsoleState } from '../wire.js';

applyTheme(storedTheme());
const state = JSON.parse(document.getElementById('state')!.textContent) as ConsoleState;
render(<App feed={new Feed(state)} />, document.getElementById('app')!);
