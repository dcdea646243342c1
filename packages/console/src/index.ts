export type * from './incidents.js';
export type * from './provenance.js';
export type * from './ranges.js';
export type * from './windows.js';
export type * from './wire.js';
