/** `pnpm test:crash`: see HELP. */
import { parseArgs } from 'node:util';
import { brokerDown } from './broker-down.js';
import { crash, isGood, type Blows } from './crash.js';
import { kills } from './kills.js';
import { zombies } from './zombies.js';

const HELP = `pnpm test:crash [kills|zombies|broker] [--cycles N] [--seed S] [--rate R] [--json]

Real \`rta run\` processes share seven pipelines on a real broker and registry (those of KAFKA_BROKERS and SCHEMA_REGISTRY_URL, or its
own), while Kafka's console producer writes R events a second. In the end a read_committed consumer of Kafka's own reads all topics, and
everything, each change of a total too, is recomputed from the input.

  kills        (default) N times one of three processes gets SIGKILL, at random, at work or while it starts; in every third cycle another
               leaves by SIGTERM, they come back, and before every tenth all three are at work
  zombies      one of two processes is stopped until the other has taken over, and goes on: until there were N, one for each pipeline
  broker       N rounds: the broker is killed at a produce request, at an offset commit, at EndTxn, and ends in good order; it comes back

  --cycles N   default 100 kills, 50 zombies, 10 rounds
  --seed S     of the plan and the events (default: drawn; it is printed)
  --rate R     events a second (default 500)
  --json       one object in the end; progress on stderr

Ends with \`cycles N, lost 0, doubled 0\`, else with code 1.
`;

const MODES: Readonly<
  Record<string, { readonly cycles: number; readonly proxied: boolean; readonly blows: (cycles: number) => Blows<object> }>
> = {
  kills: { cycles: 100, proxied: false, blows: kills },
  zombies: { cycles: 50, proxied: false, blows: zombies },
  broker: { cycles: 10, proxied: true, blows: brokerDown },
};

function usage(problem: string): never {
  process.stderr.write(`${problem}\n\n${HELP}`);
  process.exit(2);
}

function whole(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text)) usage(`--${name} takes a whole number, not ${JSON.stringify(text)}`);
  return Number(text);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      cycles: { type: 'string' },
      seed: { type: 'string' },
      rate: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const [name = 'kills'] = positionals;
  if (!Object.hasOwn(MODES, name)) usage(`there is no ${name}`);
  const mode = MODES[name];
  const cycles = whole('cycles', values.cycles, mode.cycles);
  const report = await crash(
    {
      seed: whole('seed', values.seed, Date.now() % 1_000_000),
      perSecond: whole('rate', values.rate, 500),
      proxied: mode.proxied,
      say: (line) => void (values.json ? process.stderr : process.stdout).write(`${line}\n`),
    },
    mode.blows(cycles),
  );
  process.exitCode = isGood(report) ? 0 : 1;
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ ...report, cycles })}\n`);
    return;
  }
  const { examples, gaveUp, openTransactions, lost, doubled, rows: _, ...counts } = report;
  for (const line of [...examples, ...gaveUp, ...openTransactions.map((transaction) => `left open: ${transaction}`)])
    process.stdout.write(`${line}\n`);
  process.stdout.write(`${JSON.stringify({ ...counts, rowsCompared: report.rows })}\ncycles ${cycles}, lost ${lost}, doubled ${doubled}\n`);
}

await main();
