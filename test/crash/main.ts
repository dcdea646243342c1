/** `pnpm test:crash --cycles N --seed S`: see HELP. */
import { parseArgs } from 'node:util';
import { killAgainAndAgain, type KillReport } from './kills.js';

const HELP = `pnpm test:crash [--cycles N] [--seed S] [--rate R] [--json]

Kills real \`rta run\` processes with SIGKILL, N times at random, against a real broker and registry (those of KAFKA_BROKERS and
SCHEMA_REGISTRY_URL, or its own), while Kafka's console producer writes R events a second. Three processes share seven pipelines; they
leave and join. In the end Kafka's console consumer reads all topics, read_committed, and everything is recomputed from the input.

  --cycles N   kills (default 100)
  --seed S     of the plan and the events (default: drawn; it is printed)
  --rate R     events a second (default 500)
  --json       one object in the end, progress on stderr

Ends with \`cycles N, lost 0, doubled 0\`, else with code 1.
`;

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '100' },
    seed: { type: 'string' },
    rate: { type: 'string', default: '500' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const whole = (name: string, text: string): number => {
  if (!/^\d{1,9}$/.test(text)) {
    process.stderr.write(`--${name} takes a whole number, not ${JSON.stringify(text)}\n${HELP}`);
    process.exit(2);
  }
  return Number(text);
};

if (values.help) process.stdout.write(HELP);
else {
  const cycles = whole('cycles', values.cycles);
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : whole('seed', values.seed);
  const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
  const report = await killAgainAndAgain({ cycles, seed, perSecond: whole('rate', values.rate), say });
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else print(report);
  process.exitCode = isGood(report) ? 0 : 1;
}

function isGood({ lost, doubled, openTransactions, gaveUp }: KillReport): boolean {
  return lost === 0 && doubled === 0 && openTransactions.length === 0 && gaveUp.length === 0;
}

function print(report: KillReport): void {
  const { examples, gaveUp, openTransactions, events, rows, startingUp, left, seed, elapsedMs, cycles, lost, doubled } = report;
  for (const line of [...examples, ...gaveUp, ...openTransactions.map((transaction) => `left open: ${transaction}`)])
    process.stdout.write(`${line}\n`);
  process.stdout.write(
    `${events} events, ${rows} rows compared, ${startingUp} killed before their first commit, ${left} left and came back; ` +
      `no process gave up: ${gaveUp.length === 0}; open transactions: ${openTransactions.length}; seed ${seed}, ${Math.round(elapsedMs / 1000)} s\n` +
      `cycles ${cycles}, lost ${lost}, doubled ${doubled}\n`,
  );
}
