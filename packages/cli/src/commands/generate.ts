import type { ProjectFile, TopicDeclaration } from '@rta/dsl';
import { openBackend, type BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';
import type { Scenario, TimedEvent } from '../generate/scenario.js';
import { scenarios } from '../generate/scenarios.js';
import { DEFAULT_PARTITIONS, DEFAULT_RATE, type EventsSummary, writeEvents } from '../generate/write-events.js';
import { durationOf, rateOf, timeOf, wholeNumber } from '../option-values.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { loadPipelines, loadProjectFile, loadSchemaFile } from '../project/load.js';

interface GenerateOptions extends BackendOptions {
  readonly rate: number;
  readonly asFastAsPossible?: boolean;
  readonly count?: number;
  readonly for?: number;
  readonly seed?: number;
  readonly start?: number;
  readonly lateEvery?: number;
  readonly brokenEvery?: number;
  readonly robots?: boolean;
  readonly topic: string;
  readonly partitions?: number;
  readonly json?: boolean;
}

const PROGRESS_MS = 1000;

export const addGenerate: AddCommand = (program, act) => {
  const generate = program.command('generate').description('Writes made-up events to a topic; without an end, until Ctrl-C');
  for (const scenario of scenarios) {
    const command = generate
      .command(scenario.name)
      .description(scenario.description)
      .option('--rate <events>', 'events a second, with exponential gaps; 0: as fast as possible', rateOf, DEFAULT_RATE)
      .option('--as-fast-as-possible', 'no waiting: only event times have the gaps of --rate')
      .option('--count <n>', 'ends after so many events', wholeNumber(1))
      .option('--for <duration>', 'ends after so much event time (30s, 5m)', durationOf)
      .option('--seed <n>', 'the same seed, start and rate give the same events (default: drawn)', wholeNumber(0))
      .option('--start <time>', 'event time of the start, ISO 8601 or milliseconds (default: now)', timeOf)
      .option('--late-every <n>', 'every Nth event is late by 5 to 10 minutes', wholeNumber(1))
      .option('--broken-every <n>', 'every Nth value is cut off in the middle: a dead letter', wholeNumber(1));
    if (scenario.hasRobots) command.option('--robots', 'every third team has a robot, which scores more often than a player');
    command
      .option('--topic <name>', 'where to', scenario.topic)
      .option('--partitions <n>', `of a new topic (default: as rta.yaml declares, else ${DEFAULT_PARTITIONS})`, wholeNumber(1))
      .option('--brokers <list>', 'Kafka, as host:port,host:port (default: KAFKA_BROKERS, rta.yaml, else the embedded log)')
      .option('--registry <url>', 'schema registry (default: SCHEMA_REGISTRY_URL, rta.yaml)')
      .option('--dir <directory>', 'of the embedded log (default: .rta)')
      .option('--json', 'NDJSON: progress once a second, then a summary')
      .action(act(generateEvents(scenario)))
      .copyInheritedSettings(program);
  }
};

const generateEvents =
  (scenario: Scenario<TimedEvent>): Action<GenerateOptions> =>
  async (context, _args, options) => {
    const schema = loadSchemaFile(context, scenario.schema);
    if (schema === null)
      throw new Failure(
        'no_schema',
        `there is no schemas/${scenario.schema}.avsc`,
        `run rta in the directory of a project with the schemas of ${scenario.name}`,
      );
    const project = loadProjectFile(context);
    const onWarning = (message: string): void => void context.stderr.write(`warning: ${message}\n`);
    const backend = await openBackend(context, options, project, { onWarning });
    const report = options.json === true ? jsonReport(context) : textReport(context, backend.description);
    let sent = 0;
    const timer = setInterval(() => report.progress(sent), PROGRESS_MS);
    try {
      const { for: durationMs, start: startMs, ...rest } = options;
      const declarationOf = (topic: string): Promise<TopicDeclaration | undefined> => declaredTopic(context, project, topic);
      const target = { log: backend.log, registry: backend.registry, schema: schema.schema, declarationOf };
      const summary = await writeEvents(scenario, target, {
        ...rest,
        durationMs,
        startMs,
        signal: context.signal,
        onProgress: (total) => void (sent = total),
        onWarning,
      });
      report.summary(summary);
      return context.signal.aborted ? EXIT_CODES.interrupted.code : EXIT_CODES.ok.code;
    } finally {
      clearInterval(timer);
      await backend.close();
    }
  };

/** As `rta.yaml`, or one of the project's pipelines, declares it. A pipeline that does not compile declares nothing. */
async function declaredTopic(context: CliContext, project: ProjectFile | null, name: string): Promise<TopicDeclaration | undefined> {
  const shared = project?.topics.find((topic) => topic.name === name);
  if (shared !== undefined) return shared;
  const { pipelines } = await loadPipelines(context, []).catch((error: unknown) => {
    if (error instanceof Failure) return { pipelines: [] };
    throw error;
  });
  return pipelines.flatMap(({ plan }) => plan?.topics ?? []).find((topic) => topic.name === name);
}

interface Report {
  progress(sent: number): void;
  summary(summary: EventsSummary): void;
}

function jsonReport({ stdout }: CliContext): Report {
  const out = new NdjsonWriter(stdout, 'generate');
  return {
    progress: (sent) => out.write({ progress: { sent } }),
    summary: (summary) => out.write({ summary: { ...summary, eventsPerSecond: Math.round(perSecond(summary)) } }),
  };
}

/** Progress is one line that is written over on a terminal, a line a second elsewhere. */
function textReport({ stdout, stderr }: CliContext, where: string): Report {
  const [before, after] = stderr.isTTY === true ? ['\r\u001B[K', ''] : ['', '\n'];
  return {
    progress: (sent) => void stderr.write(`${before}${group(sent)} events${after}`),
    summary: (summary) => {
      const { sent, late, topic, partitions, seed, elapsedMs } = summary;
      stderr.write(before);
      stdout.write(
        `${group(sent)} events${late > 0 ? `, ${group(late)} of them late,` : ''} to ${topic} (${partitions} partitions, ${where}) in ` +
          `${(elapsedMs / 1000).toFixed(1)} s: ${group(Math.round(perSecond(summary)))} events/s; seed ${seed}\n`,
      );
    },
  };
}

function perSecond({ sent, elapsedMs }: EventsSummary): number {
  return sent / (Math.max(1, elapsedMs) / 1000);
}

function group(count: number): string {
  return count.toLocaleString('en-US');
}
