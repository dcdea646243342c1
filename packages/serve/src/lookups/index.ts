/** What topics hold, for people: shared by commands and the HTTP side, which this does not bring along. */
export { compareSchemas } from './compare-schemas.js';
export * from './decode-record.js';
export * from './judge-letters.js';
export * from './letter-counts.js';
export { faultOf, isoTime, letterJson } from './letter-json.js';
export { follow, lastRanges, readMerged, type Range, type TopicRecord } from './read-topic.js';
export * from './select-letters.js';
