/** The language server that editors run for YAML (yaml-language-server), over stdio, as an editor speaks to it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A problem that the editor underlines; lines count from 1. */
export interface EditorProblem {
  readonly line: number;
  readonly message: string;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
}

/** How long the server may take for a file, ms. */
const PATIENCE_MS = 120_000;

export class EditorServer {
  private readonly child: ChildProcess;
  private received = Buffer.alloc(0);
  private readonly answers = new Map<number, (result: unknown) => void>();
  private readonly problems = new Map<string, (problems: readonly EditorProblem[]) => void>();
  private requests = 0;

  private constructor(private readonly root: string) {
    const require = createRequire(import.meta.url);
    const home = dirname(require.resolve('yaml-language-server/package.json'));
    this.child = spawn(process.execPath, [join(home, 'bin/yaml-language-server'), '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdout!.on('data', (bytes: Buffer) => {
      this.take(bytes);
    });
  }

  /** Starts a server for the files below `root`. */
  static async start(root: string): Promise<EditorServer> {
    const server = new EditorServer(root);
    const completion = { completionItem: { snippetSupport: true, documentationFormat: ['markdown'] } };
    await server.request('initialize', {
      processId: process.pid,
      rootUri: pathToFileURL(root).href,
      capabilities: { textDocument: { completion, hover: { contentFormat: ['markdown'] } } },
      workspaceFolders: null,
    });
    server.send({ method: 'initialized', params: {} });
    const yaml = { validate: true, hover: true, completion: true, schemaStore: { enable: false } };
    server.send({ method: 'workspace/didChangeConfiguration', params: { settings: { yaml } } });
    return server;
  }

  stop(): void {
    this.child.kill();
  }

  /** Opens a text as if it were the file `path` of the root; its problems. */
  open(path: string, text: string): Promise<readonly EditorProblem[]> {
    const uri = this.uriOf(path);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`nothing is said of ${path}`));
      }, PATIENCE_MS);
      this.problems.set(uri, (problems) => {
        clearTimeout(timer);
        resolve(problems);
      });
      this.send({ method: 'textDocument/didOpen', params: { textDocument: { uri, languageId: 'yaml', version: 1, text } } });
    });
  }

  /** What is offered at a place (from 0) of an open file. */
  async completions(path: string, line: number, character: number): Promise<readonly string[]> {
    const answer = (await this.request('textDocument/completion', this.at(path, line, character))) as {
      readonly items: readonly { readonly label: string }[];
    };
    return answer.items.map(({ label }) => label);
  }

  /** The text that hovers there. */
  async hover(path: string, line: number, character: number): Promise<string> {
    const answer = (await this.request('textDocument/hover', this.at(path, line, character))) as {
      readonly contents: { readonly value: string };
    };
    return answer.contents.value;
  }

  private at(path: string, line: number, character: number): unknown {
    return { textDocument: { uri: this.uriOf(path) }, position: { line, character } };
  }

  private uriOf(path: string): string {
    return pathToFileURL(join(this.root, path)).href;
  }

  private request(method: string, params: unknown): Promise<unknown> {
    const id = ++this.requests;
    return new Promise((resolve) => {
      this.answers.set(id, resolve);
      this.send({ id, method, params });
    });
  }

  private send(message: Message): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.child.stdin!.write(`Content-Length: ${String(Buffer.byteLength(text))}\r\n\r\n${text}`);
  }

  private take(bytes: Buffer): void {
    this.received = Buffer.concat([this.received, bytes]);
    for (;;) {
      const end = this.received.indexOf('\r\n\r\n');
      const size = Number(/Content-Length: (\d+)/i.exec(this.received.toString('latin1', 0, Math.max(0, end)))?.[1]);
      if (end < 0 || this.received.length < end + 4 + size) return;
      const message = JSON.parse(this.received.toString('utf8', end + 4, end + 4 + size)) as Message;
      this.received = this.received.subarray(end + 4 + size);
      this.receive(message);
    }
  }

  private receive({ id, method, params, result }: Message): void {
    if (id !== undefined && method !== undefined) {
      const { items = [] } = (params ?? {}) as { readonly items?: readonly unknown[] };
      this.send({ id, result: method === 'workspace/configuration' ? items.map(() => null) : null });
    } else if (id !== undefined) this.answers.get(id)?.(result);
    else if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as {
        readonly uri: string;
        readonly diagnostics: readonly { readonly message: string; readonly range: { readonly start: { readonly line: number } } }[];
      };
      this.problems.get(uri)?.(diagnostics.map(({ message, range }) => ({ line: range.start.line + 1, message })));
    }
  }
}
