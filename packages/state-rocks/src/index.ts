export { openStateStores, type LevelStoreOptions } from './stores.js';
