import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { findJava } from './java.js';
import { JavaProcess } from './java-process.js';
import { registryHome, type Progress } from './maven.js';
import { REGISTRY_MINIMUM_JAVA, REGISTRY_VERSION } from './versions.js';

export interface RegistryOptions {
  /** Default: a free one. */
  readonly port?: number;
  readonly progress?: Progress;
}

/** A running schema registry, listening on 127.0.0.1 only; its schemas are in memory. */
export interface RegistryServer {
  /** The base of its Confluent-compatible API, without a slash at the end. */
  readonly url: string;
  readonly pid: number;
  /** Ends it; the schemas are gone. */
  stop(): Promise<void>;
}

/** Starts a schema registry and resolves when its API answers (about 6 s). Throws with what is missing, or with the end of its log. */
export async function startRegistry(options: RegistryOptions = {}): Promise<RegistryServer> {
  const java = findJava(REGISTRY_MINIMUM_JAVA);
  if (java === undefined)
    throw new Error(`the schema registry ${REGISTRY_VERSION} needs Java ${REGISTRY_MINIMUM_JAVA} or newer: none was found`);
  const home = await registryHome(options.progress);
  const dir = await mkdtemp(join(tmpdir(), 'rta-registry-'));
  const port = options.port ?? (await freePort());
  const managementPort = await freePort();
  const server = new JavaProcess({
    command: java.command,
    args: [
      '-Xmx512m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Djava.awt.headless=true',
      `-Djava.io.tmpdir=${dir}`,
      '-Dquarkus.http.host=127.0.0.1',
      `-Dquarkus.http.port=${port}`,
      '-Dquarkus.management.host=127.0.0.1',
      `-Dquarkus.management.port=${managementPort}`,
      '-Dquarkus.http.access-log.enabled=false',
      '-jar',
      join(home, 'quarkus-run.jar'),
    ],
    logFile: join(dir, 'registry.log'),
    removeIfOrphaned: dir,
  });
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const stop = async (): Promise<void> => {
    await server.end('SIGKILL');
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await server.ready(`the schema registry on port ${port}`, () => registryAnswers(url));
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, pid: server.pid, stop };
}

async function registryAnswers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false; // not listening yet
  }
}
