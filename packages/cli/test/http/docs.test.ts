/** The examples of docs/http.md, one after the other, on the project of that page. In answers `…` stands for anything. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT, temporaryDirectory } from '../support/cli.js';
import { serve } from './serving.js';

interface Example {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Status and body. */
  readonly answer: RegExp;
}

function exampleOf(text: string): Example {
  const parts = text.trimEnd().split('\n\n');
  const [request, ...headers] = parts[0].split('\n');
  const [method, path] = request.split(' ');
  const [status, ...answer] = parts.at(-1)!.split('\n');
  const pattern = answer
    .join('\n')
    .split('…')
    .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/,\n/g, ',\\s*'))
    .join('[\\s\\S]*');
  return {
    method,
    path,
    headers: Object.fromEntries(headers.map((line) => line.split(': '))) as Record<string, string>,
    body: parts.length > 2 ? parts.slice(1, -1).join('\n\n') : undefined,
    answer: new RegExp(`^${status}\\n${pattern}`),
  };
}

/** What has come when the answer is over, or fits: live events never end. */
async function textOf(response: Response, fits: (text: string) => boolean): Promise<string> {
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (fits(text)) break;
  }
  return text;
}

it('every example of docs/http.md answers what the page says', async () => {
  const cwd = temporaryDirectory();
  const page = readFileSync(join(ROOT, 'docs/http.md'), 'utf8');
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({ language, text }));
  for (const { language, text } of blocks) {
    const path = language === 'yaml' ? /^# ([\w./-]+)\n/.exec(text)?.[1] : undefined;
    if (path === undefined) continue;
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), text);
  }
  mkdirSync(join(cwd, 'schemas'));
  copyFileSync(join(ROOT, 'schemas/web_event.avsc'), join(cwd, 'schemas/web_event.avsc'));
  const run = await serve(['--partitions', '1'], { cwd });
  const examples = blocks.filter(({ language }) => language === 'http').map(({ text }) => exampleOf(text));
  expect(examples.length).toBeGreaterThan(6);
  for (const { method, path, headers, body, answer } of examples) {
    let said: string;
    // What was sent before may not be committed yet.
    for (const until = Date.now() + 60_000; ;) {
      const response = await fetch(`${run.url}${path}`, { method, headers, body });
      const shown = (text: string): string => `${response.status}\n${text.replace(/^retry: \d+\n\n/, '')}`;
      said = shown(await textOf(response, (text) => path.startsWith('/live') && answer.test(shown(text))));
      if (answer.test(said) || (method === 'POST' && path !== '/sql') || Date.now() > until) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(said, `${method} ${path}`).toMatch(answer);
  }
});
