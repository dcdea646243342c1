/** `pnpm cluster`: a broker and a registry until Ctrl-C. */
import { available } from './availability.js';
import { startCluster } from './cluster.js';

const HELP = `pnpm cluster [options]: Kafka and a schema registry, empty, until Ctrl-C. Prints the variables by which rta finds them.

  --kafka-port N     of the broker; any that is free unless given
  --registry-port N  of the registry; likewise
  --check            only says what is missing to start them: 0 nothing, 1 something
`;

if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
  process.exit(0);
}
const missing = [...available().kafka, ...available().registry];
for (const reason of missing) process.stderr.write(`${reason}\n`);
if (process.argv.includes('--check')) process.exit(missing.length === 0 ? 0 : 1);
if (missing.length > 0) process.exit(1);

const [kafkaPort, registryPort] = [portAfter('--kafka-port'), portAfter('--registry-port')];
const cluster = await startCluster({
  kafka: kafkaPort === undefined ? {} : { port: kafkaPort },
  registry: registryPort === undefined ? {} : { port: registryPort },
});
for (const [name, value] of Object.entries(cluster.env)) process.stdout.write(`export ${name}=${value}\n`);
process.stderr.write('Running until Ctrl-C; the data goes with it.\n');

const alive = setInterval(() => undefined, 60_000);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    clearInterval(alive);
    void cluster.stop().then(() => process.exit(0));
  });
}

/** The number after an option on the command line, if the option is there. */
function portAfter(option: string): number | undefined {
  const at = process.argv.indexOf(option);
  if (at < 0) return undefined;
  const port = Number(process.argv[at + 1]);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    process.stderr.write(`${option} takes a port number\n`);
    process.exit(2);
  }
  return port;
}
