/**
 * A module cache of our own for KafkaJS. Its modules are loaded from where they are installed, as Node would, but into a cache that only we
 * see: an application that uses KafkaJS in the same process keeps the stock modules, whichever of us comes first.
 */
import { createRequire } from 'node:module';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import { compileFunction } from 'node:vm';

/** Makes a module's exports. */
export type ModuleFactory = () => unknown;

interface LoadedModule {
  exports: unknown;
}

type Require = (specifier: string) => unknown;
type Body = (exports: unknown, require: Require, module: LoadedModule, filename: string, dirname: string) => void;

/** CommonJS modules of one package, some of them replaced. */
export class PrivateModules {
  private readonly cache = new Map<string, LoadedModule>();
  /** By path as it is required. */
  private readonly files = new Map<string, string>();
  private readonly outside: NodeJS.Require;

  /** @param replaced by path inside the package, with forward slashes */
  constructor(
    readonly root: string,
    private readonly replaced: ReadonlyMap<string, ModuleFactory> = new Map(),
  ) {
    this.outside = createRequire(join(root, 'package.json'));
  }

  /** Exports of the module at `path` (inside the package, with its extension), replaced where it is. */
  load(path: string): unknown {
    return this.at(join(this.root, path));
  }

  /** Exports of the module as it is installed; what it requires in turn comes from this cache. */
  loadStock(path: string): unknown {
    return this.evaluate(join(this.root, path), `stock:${path}`);
  }

  private at(file: string): unknown {
    const cached = this.cache.get(file);
    if (cached !== undefined) return cached.exports;
    const factory = this.replaced.get(relative(this.root, file).split(sep).join('/'));
    if (factory === undefined) return this.evaluate(file, file);
    const loaded: LoadedModule = { exports: {} };
    this.cache.set(file, loaded);
    loaded.exports = factory();
    return loaded.exports;
  }

  private evaluate(file: string, cacheKey: string): unknown {
    const cached = this.cache.get(cacheKey);
    if (cached !== undefined) return cached.exports;
    const loaded: LoadedModule = { exports: {} };
    this.cache.set(cacheKey, loaded); // before it runs: modules may require each other
    const source = readFileSync(file, 'utf8');
    if (extname(file) === '.json') loaded.exports = JSON.parse(source);
    else {
      const parameters = ['exports', 'require', 'module', '__filename', '__dirname'];
      const body = compileFunction(source, parameters, { filename: file }) as Body;
      body(loaded.exports, (specifier) => this.require(dirname(file), specifier), loaded, file, dirname(file));
    }
    return loaded.exports;
  }

  private require(from: string, specifier: string): unknown {
    if (!specifier.startsWith('.')) return this.outside(specifier) as unknown;
    const base = resolve(from, specifier);
    return this.at(this.fileOf(base, specifier, from));
  }

  /** KafkaJS requires the modules of a request anew for each: the file system is asked once. */
  private fileOf(base: string, specifier: string, from: string): string {
    const known = this.files.get(base);
    if (known !== undefined) return known;
    const candidates = [base, `${base}.js`, `${base}.json`, join(base, 'index.js')];
    const file = candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
    if (file === undefined) throw new Error(`${specifier} is not found from ${from}`);
    this.files.set(base, file);
    return file;
  }
}
