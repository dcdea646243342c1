/** Code that finds the key of a group. */
import type { Column } from '@rta/dsl';
import { hashBytes } from '../../state/group-table-hash.js';
import type { Code } from './code.js';
import type { Operand } from './operand.js';
import { writeOperand } from './write-value.js';

/** Names of variables: where the key's bytes are, and their hash. */
export interface GroupKey {
  readonly bytes: string;
  readonly start: string;
  readonly end: string;
  readonly hash: string;
}

/** Adds lines for the group key's bytes; what the key is made of is written where it does not stand in the record as it must. */
export function groupKeyCode(code: Code, columns: readonly Column[], groups: readonly Operand[]): GroupKey {
  const [bytes, start, end, hash] = [code.local('kb', 'null'), code.local('ks', '0'), code.local('ke', '0'), code.local('h', '0')];
  const write = (): void => {
    code.line(`${end} = 0;`);
    for (const [j, operand] of groups.entries()) writeOperand(code, 'K.keys', end, operand, columns[j].type);
    code.line(`${bytes} = K.keys.bytes; ${start} = 0;`);
  };
  const encoded = groups.length === 1 ? groups[0].encoded : null;
  if (encoded !== null) {
    const inPlace = (): void => code.line(`${bytes} = ${encoded.bytes}; ${start} = ${encoded.start}; ${end} = ${encoded.end};`);
    if (encoded.when === null) inPlace();
    else {
      code.block(`if (${encoded.when})`, inPlace, '} else {');
      write();
      code.line('}');
    }
  } else write();
  code.line(`${hash} = ${code.constant(hashBytes)}(${bytes}, ${start}, ${end});`);
  return { bytes, start, end, hash };
}
