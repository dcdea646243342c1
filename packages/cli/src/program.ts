import { Command, CommanderError, type OptionValues } from 'commander';
import type { Action, CliContext } from './context.js';
import { exitCodeOf } from './exit-code-of.js';
import { EXIT_CODES, type ExitCode } from './exit-codes.js';
import { commands } from './commands/index.js';
import { reportFailure } from './output/report-failure.js';
import { VERSION } from './version.js';

/** Adds one command to the program; `act` runs the command's action and keeps its exit code. */
export type AddCommand = (
  program: Command,
  act: <Options extends OptionValues>(action: Action<Options>) => (...args: unknown[]) => Promise<void>,
) => void;

/** Runs `rta` with these arguments (without node and script). Never rejects. */
export async function runCli(args: readonly string[], context: CliContext): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT_CODES.ok.code;
  const program = new Command('rta')
    .description('Typed, exactly-once stream processing on Kafka from a YAML file')
    .version(VERSION)
    .showHelpAfterError('(rta --help, rta COMMAND --help)')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: (text) => context.stdout.write(text), writeErr: (text) => context.stderr.write(text) });
  for (const add of commands)
    add(program, (action) => async (...received) => {
      // commander calls with the arguments, then the options, then the command.
      const command = received.at(-1) as Command;
      const names = received
        .slice(0, -2)
        .flat()
        .filter((a): a is string => typeof a === 'string');
      exitCode = await action(context, names, command.opts());
    });
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok.code : EXIT_CODES.usage.code;
    reportFailure(error, context, args.includes('--json'));
    return exitCodeOf(error);
  }
}
