/** The types of the functions of `use` steps, as TypeScript declares them. */
import { showType } from '../types/lattice.js';
import { RecursiveRecord } from '../types/recursive.js';
import type { Field, Type } from '../types/type.js';
import type { Plan } from './plan.js';

/** A declaration file: of each function its row, its result and itself (`RateRow`, `RateResult`, `Rate`); empty where there is none. */
export function functionTypes(plan: Plan): string {
  const written = new Set<string>();
  const declarations = plan.steps
    .flatMap((step) => step.transforms)
    .flatMap((transform) => (transform.type === 'project' ? transform.columns : []))
    .flatMap(({ expr }) => {
      if (expr.kind !== 'call' || expr.external === undefined || expr.type.kind !== 'record') return [];
      const { name, ref } = expr.external;
      const wanted = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
      let called = wanted;
      for (let i = 2; written.has(called); i++) called = `${wanted}${String(i)}`;
      written.add(called);
      const columns = expr.args.flatMap((arg) => (arg.kind === 'column' ? [{ name: arg.name, type: arg.type }] : []));
      return [
        `/** A row that ${ref} is given. */\n${declare(`${called}Row`, columns, 'given')}\n` +
          `/** What it adds to the row. */\n${declare(`${called}Result`, expr.type.fields, 'returned')}\n` +
          `export type ${called} = (row: ${called}Row) => ${called}Result;\n`,
      ];
    });
  return declarations.join('\n');
}

/** What is returned may be in more forms than what is given. */
type Way = 'given' | 'returned';

function declare(name: string, fields: readonly Field[], way: Way): string {
  const lines = fields.map((field) => `  /** ${showType(field.type)} */\n  ${property(field, way)};\n`);
  return `export interface ${name} {\n${lines.join('')}}\n`;
}

function property({ name, type }: Field, way: Way): string {
  const optional = way === 'returned' && type.kind === 'nullable' ? '?' : '';
  return `readonly ${name}${optional}: ${typeText(type, way)}`;
}

function typeText(type: Type, way: Way): string {
  switch (type.kind) {
    case 'null':
    case 'boolean':
    case 'string':
      return type.kind;
    case 'long':
      return 'number | bigint';
    case 'decimal':
      return 'bigint';
    case 'timestamp':
      return way === 'given' ? 'number' : 'number | Date';
    case 'enum':
      return type.symbols.map((symbol) => `'${symbol}'`).join(' | ');
    case 'bytes':
      return 'Uint8Array';
    case 'array':
      return `readonly (${typeText(type.items, way)})[]`;
    case 'map': {
      const values = typeText(type.values, way);
      return `ReadonlyMap<string, ${values}>${way === 'given' ? '' : ` | Readonly<Record<string, ${values}>>`}`;
    }
    case 'record':
      // TypeScript has no name for it here.
      if (type instanceof RecursiveRecord) return 'unknown';
      return `{ ${type.fields.map((field) => property(field, way)).join('; ')} }`;
    case 'nullable':
      return `${typeText(type.of, way)} | null`;
    default:
      return 'number';
  }
}
