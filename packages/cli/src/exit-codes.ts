/** What `rta` ends with. `docs/exit-codes.md` is generated from this table. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'Done: everything that was asked for has happened.' },
  failed: { code: 1, meaning: 'The pipeline, a test or a check failed; what and where is on stderr (with `--json` also on stdout).' },
  usage: { code: 2, meaning: 'The command line is wrong: an unknown command or option, a missing or malformed value.' },
  interrupted: { code: 130, meaning: 'Stopped by SIGINT or SIGTERM; what was processed was committed first.' },
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES]['code'];
