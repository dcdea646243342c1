/** What `rta` ends with, and what whoever supervises it does then. `docs/exit-codes.md` is generated from this table. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'Done: everything that was asked for has happened.', supervisor: 'Nothing.' },
  failed: {
    code: 1,
    meaning:
      'The pipeline, a test or a check failed, the schema of a source changed under it (`onIncompatibleSchemaChange: stop`), or the registry refused a schema; what and where is on stderr (with `--json` also on stdout).',
    supervisor: 'Leaves it: it would end so again until somebody has changed something.',
  },
  usage: {
    code: 2,
    meaning: 'The command line is wrong: an unknown command or option, a missing or malformed value.',
    supervisor: 'Leaves it.',
  },
  changes: { code: 3, meaning: '`rta plan --detailed-exitcode`: there is something to deploy, and it may go.', supervisor: 'Nothing.' },
  damaged: {
    code: 65,
    meaning: 'The log is damaged: which offsets cannot be read is on stderr.',
    supervisor: 'Leaves it: the log has to be brought back from a copy, or put aside.',
  },
  unavailable: {
    code: 69,
    meaning:
      'What it runs on was out of reach for too long (brokers, the registry, the disk), also when it was to end (`--shutdown-timeout`); or where sinks and alerts deliver to took nothing for too long at the end of `--until-end`; or another process has its directory.',
    supervisor: 'Starts it again, after a while.',
  },
  internal: {
    code: 70,
    meaning: 'A defect of rta; its stack is on stderr.',
    supervisor: 'Starts it again, a few times; please report it.',
  },
  stalled: {
    code: 75,
    meaning: 'A pipeline made no progress for `--stall-timeout` though there was something to do; what was not committed is done again.',
    supervisor: 'Starts it again at once.',
  },
  interrupted: { code: 130, meaning: 'Stopped by SIGINT or SIGTERM; what was processed was committed first.', supervisor: 'Nothing.' },
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES]['code'];
