export { runCli } from './program.js';
export type { CliContext, Output } from './context.js';
export { EXIT_CODES, type ExitCode } from './exit-codes.js';
export * from '@rta/dsl/builder';
