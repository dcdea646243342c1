/** `rta registry`: the embedded registry as a server of its own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '@rta/cli';
import { confluentRegistry, embeddedRegistry } from '@rta/registry';
import { describe, expect, it } from 'vitest';
import { ndjson, rta, temporaryDirectory } from './support/cli.js';

/** Runs it on a free port until `work` is done. */
async function serving(
  args: readonly string[],
  cwd: string,
  work: (url: string) => Promise<void>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  // prettier-ignore
  const end = new AbortController();
  let stdout = '';
  let stderr = '';
  let seen: (url: string) => void = () => undefined;
  const listening = new Promise<string>((resolve) => (seen = resolve));
  const write = (text: string): void => {
    stdout += text;
    const url = /https?:\/\/[^\s",]+/.exec(stdout)?.[0];
    if (url !== undefined) seen(url);
  };
  const context = { stdout: { write }, stderr: { write: (text: string) => (stderr += text) }, env: {}, cwd, signal: end.signal };
  const code = runCli(['registry', '--port', '0', ...args], context);
  void code.then(() => seen(''));
  const url = await listening;
  try {
    if (url !== '') await work(url);
  } finally {
    end.abort();
  }
  return { code: await code, stdout, stderr };
}

describe('rta registry', () => {
  it('serves the directory of the project, on this machine alone', async () => {
    const cwd = temporaryDirectory();
    const { code, stdout, stderr } = await serving([], cwd, async (url) => {
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(await confluentRegistry({ url }).register('a-value', 'int')).toBe(1);
    });
    expect(code).toBe(130);
    expect(stdout).toMatch(/^schema registry at http:\S+, in \S+\.rta\/registry; Ctrl-C ends it\n$/);
    expect(stderr).toBe('');
    expect(await embeddedRegistry(join(cwd, '.rta/registry')).subjects()).toEqual(['a-value']);
  });

  it('lets in who is in its files, and logs no secret', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'users'), '# who may\nme:hush:hush\n');
    writeFileSync(join(cwd, 'tokens'), 'whisper\n');
    const args = ['--users', 'users', '--tokens', 'tokens', '--json', '--log'];
    const { stdout, stderr } = await serving(args, cwd, async (url) => {
      expect(await confluentRegistry({ url, auth: { username: 'me', password: 'hush:hush' } }).subjects()).toEqual([]);
      expect(await confluentRegistry({ url, auth: { token: 'whisper' } }).subjects()).toEqual([]);
      await expect(confluentRegistry({ url, retries: 0 }).subjects()).rejects.toMatchObject({ code: 'unauthorized' });
    });
    expect(ndjson(stdout)[1]).toMatchObject({ listening: { authentication: true } });
    expect(ndjson(stdout)[2]).toMatchObject({ request: { method: 'GET', path: '/subjects', status: 200 } });
    expect(stderr).toMatch(/^200 GET \/subjects \d+ ms$/m);
    expect(stdout + stderr).not.toMatch(/hush|whisper/);
  });

  it('says why it does not start', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'empty'), '\n');
    expect(await rta(['registry', '--users', 'empty'], { cwd })).toMatchObject({ code: 1, stderr: expect.stringContaining('error no_credentials') }); // prettier-ignore
    expect(await rta(['registry', '--tokens', 'nope'], { cwd })).toMatchObject({ code: 2 });
    expect(await rta(['registry', '--tls-cert', 'x'], { cwd })).toMatchObject({ code: 2 });
    expect(await rta(['registry', '--port', '99999'], { cwd })).toMatchObject({ code: 2 });
    await serving([], cwd, async (url) => {
      const { code, stderr } = await rta(['registry', '--port', new URL(url).port], { cwd });
      expect(code).toBe(1);
      expect(stderr).toContain('error cannot_listen');
      expect(stderr).toContain('say another --port');
    });
  });
});
