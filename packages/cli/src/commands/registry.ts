import { messageOf } from '@rta/dsl/message-of';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { serveRegistry, type Credentials, type ServedRegistry } from '@rta/registry';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure, UsageError } from '../failure.js';
import { isLoopback, portOf } from '../option-values.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { untilAborted } from '../until-aborted.js';

interface RegistryOptions {
  readonly dir?: string;
  readonly host: string;
  readonly port: number;
  readonly users?: string;
  readonly tokens?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly log?: boolean;
  readonly json?: boolean;
}

export const addRegistry: AddCommand = (program, act) => {
  program
    .command('registry')
    .description('Serves the embedded schema registry with the REST API of Confluent’s, until Ctrl-C')
    .option('--dir <directory>', 'of the embedded registry (default: .rta)')
    .option('--host <address>', 'where to listen; 0.0.0.0 for other machines', '127.0.0.1')
    .option('--port <port>', 'where to listen; 0 for a free one', portOf, 8081)
    .option('--users <file>', 'basic authentication: a line of USER:PASSWORD each')
    .option('--tokens <file>', 'bearer authentication: a token a line')
    .option('--tls-cert <file>', 'certificate (PEM): serves HTTPS')
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--log', 'a line on stderr for each request')
    .option('--json', 'NDJSON: where it listens, then one line per request')
    .action(act(serve));
};

const serve: Action<RegistryOptions> = async (context, args, options) => {
  if (args.length > 0) throw new UsageError('registry takes no arguments');
  const { host, port, tlsCert, tlsKey } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw new UsageError('--tls-cert and --tls-key belong together');
  const directory = join(resolve(context.cwd, options.dir ?? '.rta'), 'registry');
  const credentials: Credentials = {
    ...(options.users === undefined ? {} : { users: usersIn(context, options.users) }),
    ...(options.tokens === undefined ? {} : { tokens: linesOf(context, options.tokens) }),
  };
  const open = options.users === undefined && options.tokens === undefined;
  const out = options.json === true ? new NdjsonWriter(context.stdout, 'registry') : null;
  const server = await listen({
    directory,
    host,
    port,
    credentials,
    ...(tlsCert === undefined || tlsKey === undefined ? {} : { tls: { cert: textOf(context, tlsCert), key: textOf(context, tlsKey) } }),
    onAnswer: (answer) => {
      out?.write({ request: answer });
      if (options.log === true) context.stderr.write(`${answer.status} ${answer.method} ${answer.path} ${answer.ms} ms\n`);
    },
    onError: (error) => void context.stderr.write(`error: ${messageOf(error)}\n`),
  });
  if (open && !isLoopback(host))
    context.stderr.write('warning: whoever reaches this address may change schemas: say --users or --tokens\n');
  if (out !== null) out.write({ listening: { url: server.url, directory, authentication: !open } });
  else context.stdout.write(`schema registry at ${server.url}, in ${directory}; Ctrl-C ends it\n`);
  await untilAborted(context.signal);
  await server.close();
  return EXIT_CODES.interrupted.code;
};

async function listen(options: Parameters<typeof serveRegistry>[0]): Promise<ServedRegistry> {
  try {
    return await serveRegistry(options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const help =
      code === 'EADDRINUSE' ? 'something listens there already: say another --port' : 'check --host, --port, --tls-cert and --tls-key';
    throw new Failure('cannot_listen', `cannot listen on ${options.host ?? ''}:${options.port}: ${message}`, help, { cause: error });
  }
}

function usersIn(context: CliContext, file: string): ReadonlyMap<string, string> {
  return new Map(
    linesOf(context, file).map((line, i) => {
      const colon = line.indexOf(':');
      // The line itself may be a secret.
      if (colon < 1) throw new Failure('invalid_users', `${file}: entry ${i + 1} is not USER:PASSWORD`);
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
}

function linesOf(context: CliContext, file: string): string[] {
  const lines = textOf(context, file)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  // Nobody at all could come in, or, worse, everybody.
  if (lines.length === 0) throw new Failure('no_credentials', `${file}: there is nobody in it`);
  return lines;
}

function textOf({ cwd }: CliContext, file: string): string {
  try {
    return readFileSync(resolve(cwd, file), 'utf8');
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
}
