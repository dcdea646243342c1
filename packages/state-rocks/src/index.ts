export { lockDirectory } from './directory-lock.js';
export { openStateStores, type LevelStoreOptions } from './stores.js';
