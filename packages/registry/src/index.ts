export * from './registry.js';
export * from './wire-format.js';
export { codecFor, AvroValueError, type AvroCodec } from './avro-codec.js';
export { resolutionProblems, sentence, type CompatibilityProblem, type CompatibilityRule } from './compatibility.js';
export { checkCompatibility, levelProblems, versionSentence, type EarlierVersion, type VersionProblem } from './levels.js';
export { canonical } from './avro/canonical.js';
export { laterDefaults } from './avro/later-defaults.js';
export { InvalidSchema } from './avro/parse.js';
export { schemaChanges, type SchemaChange } from './diff.js';
export { inlineReferences, referencedTypes } from './references.js';
export { embeddedRegistry } from './embedded.js';
export { serveRegistry, type ServedRegistry, type ServeOptions } from './server/serve.js';
export type { Credentials } from './server/credentials.js';
export { confluentRegistry, type ConfluentOptions } from './confluent.js';
export {
  judge,
  apply,
  gateRequestsOf,
  type GateDecision,
  type GateReport,
  type GateRequests,
  type SinkRequest,
  type SourceRequest,
} from './gate.js';
