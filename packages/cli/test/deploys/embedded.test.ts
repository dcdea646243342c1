import { changesOn } from './changes.js';

changesOn('the embedded log', () => ({}), 120_000);
