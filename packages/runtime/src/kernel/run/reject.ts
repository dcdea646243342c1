/** Rejections by generated code. */
import { ExpressionError } from '@rta/dsl';
import { MISPLACED, type RejectCode } from '../stage-kernel.js';
import { badRecord, type TaskState } from './task-state.js';

/** Why generated code rejects a record, by number; 0: it does not. */
export const Reason = {
  EMPTY_VALUE: 1,
  BAD_MAGIC: 2,
  NOT_AVRO: 3,
  INCOMPATIBLE: 4,
  MISSING_FIELD: 5,
  NO_EVENT_TIME: 6,
  KEY_MISMATCH: 7,
  UNKNOWN_SCHEMA_ID: 8,
  NOT_JSON: 9,
  NOT_CSV: 10,
  NULL_KEY: 11,
  BAD_KEY: 12,
  TOO_FAR_AHEAD: 13,
  MISPLACED: 14,
} as const;

const TEXTS: Readonly<Record<number, readonly [RejectCode, string]>> = {
  [Reason.EMPTY_VALUE]: ['empty_value', 'the record has no value'],
  [Reason.BAD_MAGIC]: ['bad_magic', 'the value does not begin with a zero byte and a schema id'],
  [Reason.NOT_AVRO]: ['not_avro', 'the value is not what its schema says: it is cut off, too long, or has an impossible length or index'],
  [Reason.INCOMPATIBLE]: ['incompatible_schema', "a value's type does not resolve to that of the reader's schema"],
  [Reason.MISSING_FIELD]: ['missing_field', "a field of the reader's schema has no default and was not written"],
  [Reason.NO_EVENT_TIME]: ['no_event_time', 'the event time is null'],
  [Reason.KEY_MISMATCH]: ['key_mismatch', 'the record key is not what its column says'],
  [Reason.MISPLACED]: ['misplaced', MISPLACED],
  [Reason.UNKNOWN_SCHEMA_ID]: ['unknown_schema_id', 'the registry does not know the schema id'],
  [Reason.NOT_JSON]: ['not_json', 'the value is not JSON, or not of the types that the schema says'],
  [Reason.NULL_KEY]: ['null_key', 'the record has no key'],
  [Reason.BAD_KEY]: [
    'bad_key',
    'the record key is not of the format and types that its source says, or the registry does not know its schema',
  ],
  [Reason.TOO_FAR_AHEAD]: ['too_far_ahead', 'the event time is further ahead than maxAhead'],
  [Reason.NOT_CSV]: ['not_csv', 'the value is not a CSV row, or not of the types that the schema says'],
};

export function rejectBad(
  K: TaskState,
  reason: number,
  input: number,
  offset: number,
  timestamp: number,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
  recordEnd: number,
): void {
  const [code, text] = TEXTS[reason];
  const message = K.problem ?? text;
  K.problem = null;
  K.reject(badRecord(input, offset, timestamp, bytes, keyStart, keyEnd, valueStart, valueEnd, recordEnd), -1, code, message);
}

export function rejectError(
  K: TaskState,
  error: unknown,
  node: number,
  input: number,
  offset: number,
  timestamp: number,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
  recordEnd: number,
): void {
  if (!(error instanceof ExpressionError)) throw error;
  K.reject(
    badRecord(input, offset, timestamp, bytes, keyStart, keyEnd, valueStart, valueEnd, recordEnd),
    node,
    'expression',
    error.message,
  );
}
