/** What becomes of a pipeline when a source's records come with a schema that its reader's does not resolve. */
export const SCHEMA_CHANGE_POLICIES = ['stop', 'rebuild', 'errors'] as const;

/**
 * - `stop`: it commits what came before and ends
 * - `rebuild`: it goes on with the newest registered schema as its reader's
 * - `errors`: those of the records that cannot be read go where `errors:` says
 */
export type SchemaChangePolicy = (typeof SCHEMA_CHANGE_POLICIES)[number];
