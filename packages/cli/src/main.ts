#!/usr/bin/env node
import { EXIT_CODES } from './exit-codes.js';
import { runCli } from './program.js';

/** ms that what is left of a command may take to end by itself. */
const LINGER_MS = 1_000;

const interrupt = new AbortController();
let signals = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    // The second one does not wait for the commit.
    if (++signals > 1) process.exit(130);
    interrupt.abort();
  });
// A reader that went away (`| head`) is an end, not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: process.env['INIT_CWD'] ?? process.cwd(),
  signal: interrupt.signal,
});

// What hangs (brokers that do not answer, a pipeline, a thread) keeps the process alive, and would go on doing so, and reporting.
const hanging: readonly unknown[] = [EXIT_CODES.unavailable.code, EXIT_CODES.stalled.code];
if (hanging.includes(process.exitCode)) process.exit();
setTimeout(() => process.exit(), LINGER_MS).unref();
