/** docker-compose.yml names what there is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '@rta/cli';
import { describe, expect, it } from 'vitest';
import { documents, ROOT } from './files.js';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
}

const [compose] = documents<{ readonly services: Readonly<Record<string, Service>>; readonly volumes: Readonly<Record<string, unknown>> }>('docker-compose.yml'); // prettier-ignore
const services = Object.entries(compose.services);

describe('docker-compose.yml', () => {
  it('has all that a pipeline lives among', () => {
    expect(Object.keys(compose.services)).toEqual(
      expect.arrayContaining(['kafka', 'registry', 'ui', 'clickhouse', 'prometheus', 'grafana', 'rta']),
    );
  });

  it.each(services)('%s', (_, { image, build, depends_on: needs = [], volumes = [], ports = [] }) => {
    // A version, and not a name that moves.
    if (build === undefined) expect(image).toMatch(/:v?\d[\w.]*$/);
    for (const needed of Array.isArray(needs) ? needs : Object.keys(needs)) expect(compose.services).toHaveProperty(needed);
    for (const volume of volumes) {
      const [from] = volume.split(':');
      if (from.startsWith('./')) expect(existsSync(join(ROOT, from)), from).toBe(true);
      else expect(compose.volumes).toHaveProperty(from);
    }
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it.each(services.filter(([, { build }]) => build !== undefined))('%s runs a command that there is', async (_, { command = [] }) => {
    let printed = '';
    const output = { write: (text: string) => (printed += text) };
    const words = command.filter((word) => /^[a-z]+$/.test(word));
    const code = await runCli([...words, '--help'], { stdout: output, stderr: output, env: {}, cwd: ROOT, signal: new AbortController().signal });
    expect({ code, printed }).toMatchObject({ code: 0, printed: expect.stringContaining(`rta ${words.join(' ')} `) as string });
    for (const option of command.filter((word) => word.startsWith('--'))) expect(printed).toContain(option);
    for (const path of command.filter((word) => word.startsWith('/pipelines'))) expect(existsSync(join(ROOT, path)), path).toBe(true);
  }); // prettier-ignore
});
