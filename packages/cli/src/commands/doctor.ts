import { openKafkaLog, shareEmbeddedLog, type Log } from '@rta/runtime';
import { join } from 'node:path';
import { backendSettings, hasEmbeddedLog, type BackendOptions, type BackendSettings } from '../backend/backend.js';
import type { Action } from '../context.js';
import { failed, reasonOf, warning, type Finding } from '../doctor/finding.js';
import { checkDirectory, checkEmbeddedLog, checkLevelDb, checkNode, checkTerminal } from '../doctor/machine.js';
import { checkPipelines, checkSources } from '../doctor/pipelines.js';
import { checkKafka, checkRegistry } from '../doctor/servers.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { NdjsonWriter } from '../output/ndjson.js';
import type { AddCommand } from '../program.js';
import { loadPipelines, loadProjectFile, type LoadedProject } from '../project/load.js';

interface DoctorOptions extends BackendOptions {
  readonly json?: boolean;
}

const MARK = { ok: '✓', warning: '!', failed: '✗' } as const;

export const addDoctor: AddCommand = (program, act) => {
  program
    .command('doctor')
    .description('Checks this machine, the brokers, the registry and the pipelines; changes nothing')
    .argument('[paths...]', 'pipeline files, or directories of them (default: pipelines/)')
    .option('--brokers <list>', 'Kafka, as host:port,host:port (default: KAFKA_BROKERS, rta.yaml, else the embedded log)')
    .option('--registry <url>', 'schema registry (default: SCHEMA_REGISTRY_URL, rta.yaml)')
    .option('--dir <directory>', 'of the embedded log and of state (default: .rta)')
    .option('--json', 'NDJSON: one line per check')
    .action(act(doctor));
};

const doctor: Action<DoctorOptions> = async (context, paths, options) => {
  const settings = backendSettings(context, options, loadProjectFile(context));
  const out = options.json === true ? new NdjsonWriter(context.stdout, 'doctor') : null;
  let failures = 0;
  const report = (...findings: readonly Finding[]): void => {
    for (const { check, status, message, remedy } of findings) {
      if (status === 'failed') failures++;
      if (out !== null) out.write({ check, status, message, ...(remedy === undefined ? {} : { remedy }) });
      else context.stdout.write(`${MARK[status]} ${message}\n${remedy === undefined ? '' : `  → ${remedy}\n`}`);
    }
  };
  report(checkNode(process.versions.node), await checkLevelDb(), checkDirectory(settings.directory));
  const servers = settings.kafka === null ? [await checkEmbeddedLog(settings.directory)] : await checkKafka(settings.kafka);
  report(...servers, await checkRegistry(settings));
  const project = await load(context, paths);
  if ('status' in project) report(project);
  else {
    report(checkPipelines(project));
    // Of a log that cannot be opened, enough is said.
    if (servers.every(({ status }) => status !== 'failed')) report(...(await sources(project, settings)));
  }
  report(checkTerminal(context));
  return failures === 0 ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
};

async function load(context: Parameters<typeof loadPipelines>[0], paths: readonly string[]): Promise<LoadedProject | Finding> {
  try {
    return await loadPipelines(context, paths);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === 'no_pipelines')
      return warning('pipelines', error.message, 'write one, or go where they are; pipelines/ is the usual place');
    return failed('pipelines', error.message, error.help ?? 'rta check says what and where');
  }
}

async function sources({ pipelines }: LoadedProject, settings: BackendSettings): Promise<Finding[]> {
  const plans = pipelines.flatMap(({ plan }) => (plan === null ? [] : [plan]));
  try {
    const log = await open(settings);
    try {
      return checkSources(plans, (await log?.topics()) ?? [], settings.kafka === null);
    } finally {
      await log?.close();
    }
  } catch (error) {
    return [failed('source', reasonOf(error), 'see above')];
  }
}

/** Null where there is no embedded log yet. */
async function open({ kafka, directory }: BackendSettings): Promise<Log | null> {
  if (kafka !== null) return openKafkaLog(kafka);
  return hasEmbeddedLog(directory) ? shareEmbeddedLog(join(directory, 'log')) : null;
}
