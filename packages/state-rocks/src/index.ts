export { lockDirectory } from './directory-lock.js';
export { removeStores } from './remove-stores.js';
export { openStateStores, type LevelStoreOptions } from './stores.js';
