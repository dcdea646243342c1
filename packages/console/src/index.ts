export type * from './provenance.js';
export type * from './wire.js';
