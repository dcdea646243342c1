/** What the embedded registry says no to, with the error codes of Confluent's API. A function per message. */
import { RegistryError } from '../registry.js';

export class Refusal extends RegistryError {
  override readonly name = 'Refusal';
  constructor(
    /** Of Confluent's API: its first three digits are the status of the answer. */
    readonly errorCode: number,
    message: string,
  ) {
    super('refused', message);
  }
}

export const refusals = {
  noSubject: (subject: string) => new Refusal(40401, `Subject '${subject}' not found.`),
  noVersion: (version: number | 'latest') => new Refusal(40402, `Version ${version} not found.`),
  noSchema: (id: number) => new Refusal(40403, `Schema ${id} not found`),
  notRegistered: () => new Refusal(40403, 'Schema not found'),
  subjectDeleted: (subject: string) =>
    new Refusal(40404, `Subject '${subject}' was soft deleted. Set permanent=true to delete it permanently`),
  subjectNotDeleted: (subject: string) => new Refusal(40405, `Subject '${subject}' was not deleted first before being permanently deleted`),
  versionDeleted: (subject: string, version: number) =>
    new Refusal(40406, `Subject '${subject}' version ${version} was soft deleted. Set permanent=true to delete it permanently`),
  versionNotDeleted: (subject: string, version: number) =>
    new Refusal(40407, `Subject '${subject}' version ${version} was not deleted first before being permanently deleted`),
  noLevel: (subject: string) => new Refusal(40408, `Subject '${subject}' does not have subject-level compatibility configured`),
  noMode: (subject: string) => new Refusal(40409, `Subject '${subject}' does not have subject-level mode configured`),
  notAvro: (type: string) => new Refusal(42201, `Invalid schema: its type is ${type}, and this registry takes AVRO only`),
  invalidVersion: (text: string) =>
    new Refusal(
      42202,
      `The specified version '${text}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`,
    ),
  invalidLevel: () =>
    new Refusal(
      42203,
      'Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive',
    ),
  invalidMode: () => new Refusal(42204, 'Invalid mode. Valid values are READWRITE, READONLY, and READONLY_OVERRIDE'),
  readOnly: (subject: string | null) =>
    new Refusal(42205, `${subject === null ? 'The registry' : `Subject '${subject}'`} is in read-only mode`),
  notImporting: (subject: string) => new Refusal(42205, `Subject '${subject}' is not in import mode: ids and versions are given here`),
  referenced: (subject: string, version: number, ids: readonly number[]) =>
    new Refusal(42206, `One or more references exist to version ${version} of '${subject}': schema ${ids.join(', ')}`),
  invalidBody: (what: string) => new Refusal(42200, what),
};
