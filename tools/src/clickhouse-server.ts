import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clickhouseProgram } from './clickhouse-packages.js';
import { freePort } from './free-port.js';
import { JavaProcess } from './java-process.js';
import { sayOnStderr, type Progress } from './maven.js';

/** A running ClickHouse, listening on 127.0.0.1 only. */
export interface ClickhouseServer {
  /** Of its HTTP interface. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** SIGKILL; what it has is kept. */
  kill(): Promise<void>;
  /** At the same address, after `kill`. */
  restart(): Promise<void>;
  /** Ends it; what it had is gone. */
  stop(): Promise<void>;
}

const [USER, PASSWORD] = ['rta', 'clickhouse-password'];

/** Starts ClickHouse and resolves when it answers (2 s; the first time it is fetched). Rejects with what is missing, or the end of its log. */
export async function startClickhouse(progress: Progress = sayOnStderr): Promise<ClickhouseServer> {
  const { command, libraries } = await clickhouseProgram(progress);
  const dir = await mkdtemp(join(tmpdir(), 'rta-clickhouse-'));
  const [port, tcpPort] = [await freePort(), await freePort()];
  for (const name of ['data', 'tmp', 'files', 'format']) await mkdir(join(dir, name));
  await writeFile(join(dir, 'config.xml'), config(dir, port, tcpPort));
  await writeFile(join(dir, 'users.xml'), USERS);
  const url = `http://127.0.0.1:${String(port)}`;
  let server: JavaProcess;
  const start = async (): Promise<void> => {
    const environment = libraries === null ? [] : [`LD_LIBRARY_PATH=${libraries}`];
    server = new JavaProcess({
      command: '/usr/bin/env',
      args: [...environment, command, `--config=${join(dir, 'config.xml')}`],
      logFile: join(dir, 'output.log'),
      removeIfOrphaned: dir,
    });
    await server.ready(`ClickHouse on port ${String(port)}`, () => answers(url));
  };
  const stop = async (): Promise<void> => {
    await server.end('SIGKILL');
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, user: USER, password: PASSWORD, kill: () => server.end('SIGKILL'), restart: start, stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/ping`, { signal: AbortSignal.timeout(2_000) });
    return (await response.text()).startsWith('Ok');
  } catch {
    return false; // not listening yet
  }
}

/** Small caches: it runs beside tests. The root element's name is that of servers before 20. */
function config(dir: string, port: number, tcpPort: number): string {
  return `<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><log>${dir}/server.log</log><errorlog>${dir}/errors.log</errorlog></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>${String(port)}</http_port>
  <tcp_port>${String(tcpPort)}</tcp_port>
  <path>${dir}/data/</path>
  <tmp_path>${dir}/tmp/</tmp_path>
  <user_files_path>${dir}/files/</user_files_path>
  <format_schema_path>${dir}/format/</format_schema_path>
  <mark_cache_size>16777216</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <timezone>UTC</timezone>
</yandex>
`;
}

const USERS = `<?xml version="1.0"?>
<yandex>
  <profiles><default><max_memory_usage>1000000000</max_memory_usage></default></profiles>
  <quotas><default><interval><duration>3600</duration><queries>0</queries><errors>0</errors><result_rows>0</result_rows><read_rows>0</read_rows><execution_time>0</execution_time></interval></default></quotas>
  <users>
    <default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>
    <${USER}><password>${PASSWORD}</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></${USER}>
  </users>
</yandex>
`;
