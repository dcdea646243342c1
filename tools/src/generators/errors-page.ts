import { allCodes } from '@rta/dsl';
import { code, NOTICE, page, table } from './markdown.js';

/** Every code that the compiler can give. */
export function errorsPage(): string {
  return page(
    NOTICE,
    '# Diagnostics',
    'What `rta check` can say of a pipeline. Codes are stable; each message says where it is, what is wrong, and what to do.',
    table(
      ['Code', 'Severity', 'What it is about'],
      allCodes().map((info) => [code(info.code), info.severity, info.title]),
    ),
  );
}
