/**
 * Code for what follows a stream: rows go through filters and projections to folds and sinks, at once. First everything is computed that may
 * fail, for all branches; then everything is done. So a row that fails has no effect at all.
 */
import { conditionSource, mayThrow } from '../expression-source.js';
import { hashBytes } from '../../state/group-table-hash.js';
import { columnsKept } from '../../plan/columns-used.js';
import { FLAGS, NEXT } from '../../state/group-table-rows.js';
import { rowError } from '../run/row-error.js';
import type { Code } from './code.js';
import type { FoldShape } from './fold.js';
import type { Operand } from './operand.js';
import { overCode } from './over.js';
import { operandOf, type RowSource, scopeOf } from './scope.js';
import { sinkCode } from './sink.js';
import type { StageShape } from './stage-shape.js';
import { writeOperand } from './write-value.js';

/** A row of a stream in generated code. */
export interface StreamRow extends RowSource {
  /** For records of sources: source of their partition's watermark, and code that reports being late. Null: never late. */
  readonly late: { readonly watermark: string; report(node: number, windows: string): string } | null;
  /** Variable that holds the node at work, for errors; null: nobody asks. */
  readonly at: string | null;
}

export interface StreamCode {
  /** Whether computing may throw an ExpressionError. */
  readonly throws: boolean;
  /** Lines that do what was computed. */
  readonly apply: () => void;
}

/** Adds lines that compute; the rest is in what is returned. */
export function streamEdges(
  shape: StageShape,
  folds: ReadonlyMap<number, FoldShape>,
  code: Code,
  readers: readonly number[],
  row: StreamRow,
): StreamCode {
  const edges = new StreamEdges(shape, folds, code, row);
  edges.compute(readers, row, null);
  return { throws: edges.throws, apply: () => edges.apply() };
}

/** Adds lines that hand on a stream's row made here, not by a source: where it fails it is counted and dropped. */
export function guardedStream(shape: StageShape, folds: ReadonlyMap<number, FoldShape>, code: Code, from: number, row: StreamRow): void {
  let edges: StreamCode | null = null;
  const lines = code.captured(() => {
    edges = streamEdges(shape, folds, code, shape.readers[from], row);
  });
  const { throws, apply } = edges!;
  if (throws) code.line('try {', ...lines, '} catch (error) {', `${code.constant(rowError)}(K, error);`, 'return;', '}');
  else code.line(...lines);
  apply();
}

class StreamEdges {
  throws = false;
  private readonly effects: (() => void)[] = [];

  constructor(
    private readonly shape: StageShape,
    private readonly folds: ReadonlyMap<number, FoldShape>,
    private readonly code: Code,
    private readonly source: StreamRow,
  ) {}

  apply(): void {
    for (const effect of this.effects) effect();
  }

  /** @param passed variable that is true where the row gets here; null: it always does */
  compute(readers: readonly number[], row: RowSource, passed: string | null): void {
    for (const reader of readers) this.edge(reader, row, passed);
  }

  private edge(i: number, row: RowSource, passed: string | null): void {
    const { shape, code } = this;
    const node = shape.node(i);
    switch (node.op) {
      case 'filter': {
        const passes = code.local('ok', 'false');
        this.note(i, [node.transform.condition]);
        const condition = conditionSource(node.transform.condition, scopeOf(row), code);
        code.line(`${passes} = ${passed === null ? condition : `${passed} && ${condition}`};`);
        this.effect(passed, () => code.line(`K.rowsIn[${i}]++; if (${passes}) K.rowsOut[${i}]++;`));
        this.compute(shape.readers[i], row, passes);
        break;
      }
      case 'project':
        this.project(i, row, passed);
        break;
      case 'fold':
        this.fold(i, row, passed);
        break;
      case 'sink':
        this.effect(passed, () => sinkCode(shape, code, i, row, false));
        break;
      case 'over':
        this.effect(passed, () => overCode(shape, code, i, row, this.source.late));
        break;
      case 'rank':
        throw new Error(`${node.id}: a rank of a stream is not available`);
    }
  }

  private project(i: number, row: RowSource, passed: string | null): void {
    const { shape, code } = this;
    const node = shape.node(i);
    if (node.op !== 'project') return;
    const wanted = shape.wantedOf(i);
    const columns = node.transform.columns.filter(({ name, expr }) => wanted.has(name) || mayThrow(expr));
    const operands = new Map<string, Operand>();
    this.note(
      i,
      columns.map((column) => column.expr),
    );
    this.when(passed, () => {
      const scope = scopeOf(row);
      for (const { name, expr } of columns) operands.set(name, operandOf(code, expr, scope));
    });
    this.effect(passed, () => code.line(`K.rowsIn[${i}]++; K.rowsOut[${i}]++;`));
    this.compute(shape.readers[i], { ...row, operands }, passed);
  }

  private fold(i: number, row: RowSource, passed: string | null): void {
    const { code } = this;
    const node = this.shape.node(i);
    const fold = this.folds.get(i);
    if (node.op !== 'fold' || !fold) throw new Error(`${node.id} has no code`);
    const { group, accumulators } = node.transform;
    this.note(i, [...group.map((g) => g.expr), ...accumulators.flatMap(({ arg, where }) => [arg, where].filter((e) => e !== null))]);
    const groups: Operand[] = [];
    const inputs: { readonly where: string | null; readonly arg: Operand | null }[] = [];
    const scope = scopeOf(row);
    this.when(passed, () => {
      for (const { expr } of group) groups.push(operandOf(code, expr, scope));
      for (const { arg, where } of accumulators) {
        let condition: string | null = null;
        if (where !== null) {
          condition = code.local('ok', 'false');
          code.line(`${condition} = ${conditionSource(where, scope, code)};`);
        }
        let operand: Operand | null = null;
        // Where the condition does not hold, the argument is not looked at.
        if (arg !== null) this.when(condition !== null && mayThrow(arg) ? condition : null, () => (operand = operandOf(code, arg, scope)));
        inputs.push({ where: condition, arg: operand });
      }
    });
    this.effect(passed, () => {
      code.line(`K.rowsIn[${i}]++;`);
      const values = inputs.map(({ where, arg }) => ({ where, arg: arg && this.bound(arg) }));
      const whole = fold.accumulators.some(({ updateRow }) => updateRow !== undefined);
      const kept = whole ? { ...row, operands: this.boundRow(row, accumulators.flatMap(columnsKept)) } : row;
      const update = (table: string, missing: () => void): void => this.update(i, fold, table, kept, values, missing);
      this.withKey(fold, groups, (key) => this.windows(i, row, fold, key, update));
    });
  }

  /** Source of the group key's bytes; what the key is made of is written where it does not stand in the record as it must. */
  private withKey(fold: FoldShape, groups: readonly Operand[], body: (key: Key) => void): void {
    const { code } = this;
    const [bytes, start, end, hash] = [code.local('kb', 'null'), code.local('ks', '0'), code.local('ke', '0'), code.local('h', '0')];
    const write = (): void => {
      code.line(`${end} = 0;`);
      for (const [j, operand] of groups.entries()) writeOperand(code, 'K.keys', end, operand, fold.groupColumns[j].type);
      code.line(`${bytes} = K.keys.bytes; ${start} = 0;`);
    };
    const encoded = groups.length === 1 ? groups[0].encoded : null;
    if (encoded !== null) {
      const inPlace = (): void => code.line(`${bytes} = ${encoded.bytes}; ${start} = ${encoded.start}; ${end} = ${encoded.end};`);
      if (encoded.when === null) inPlace();
      else {
        code.block(`if (${encoded.when})`, inPlace, '} else {');
        write();
        code.line('}');
      }
    } else write();
    code.line(`${hash} = ${code.constant(hashBytes)}(${bytes}, ${start}, ${end});`);
    body({ bytes, start, end, hash });
  }

  /** In which windows the row counts, and for which it is late. */
  private windows(i: number, row: RowSource, fold: FoldShape, key: Key, update: (table: string, missing: () => void) => void): void {
    const { code } = this;
    const { late } = this.source;
    const { window, ttlMs } = fold.transform;
    const state = `K.nodes[${i}]`;
    const table = code.local('T', 'null');
    const find = (): void => {
      update(table, () =>
        code.line(
          `s = ${table}.find(${key.hash}, ${key.bytes}, ${key.start}, ${key.end});`,
          `if (s < 0) s = ${state}.miss(K, ${table}, ${key.hash}, ${key.bytes}, ${key.start}, ${key.end});`,
        ),
      );
    };
    if (window === null) {
      const accepted = (): void => {
        code.line(`${table} = ${state}.table;`);
        find();
      };
      if (fold.transform.ordered === true && late !== null) {
        const missed = `[{ start: ${row.time}, end: ${row.time} + 1 }]`;
        code.block(`if (${row.time} >= ${late.watermark})`, accepted, `} else { ${late.report(i, missed)} }`);
      } else if (ttlMs === null || late === null) accepted();
      else {
        const missed = `[{ start: ${row.time}, end: ${row.time} + ${ttlMs} }]`;
        code.block(`if (${row.time} + ${ttlMs} > ${late.watermark})`, accepted, `} else { ${late.report(i, missed)} }`);
      }
      return;
    }
    const { sizeMs, advanceMs, graceMs } = window;
    const start = code.local('ws', '0');
    if (sizeMs === advanceMs) {
      // The window of the record before is the likely one; a division costs more than two comparisons.
      const known = code.local('known', 'NaN');
      code.line(
        `if (!(${row.time} >= ${known} && ${row.time} < ${known} + ${sizeMs})) ${known} = Math.floor(${row.time} / ${sizeMs}) * ${sizeMs};`,
      );
      const accepted = (): void => {
        code.line(`${table} = ${state}.windows.at(${known});`);
        find();
      };
      if (late === null) accepted();
      else {
        const missed = `[{ start: ${known}, end: ${known} + ${sizeMs} }]`;
        code.block(`if (${late.watermark} < ${known} + ${sizeMs + graceMs})`, accepted, `} else { ${late.report(i, missed)} }`);
      }
      return;
    }
    const missed = code.local('missed', 'null');
    code.line(`${missed} = null;`);
    const last = `Math.floor(${row.time} / ${advanceMs}) * ${advanceMs}`;
    code.block(`for (${start} = ${last}; ${start} + ${sizeMs} > ${row.time}; ${start} -= ${advanceMs})`, () => {
      if (late !== null)
        code.line(
          `if (${late.watermark} >= ${start} + ${sizeMs + graceMs}) { (${missed} ??= []).unshift({ start: ${start}, end: ${start} + ${sizeMs} }); continue; }`,
        );
      code.line(`${table} = ${state}.windows.at(${start});`);
      find();
    });
    if (late !== null) code.line(`if (${missed} !== null) { ${late.report(i, missed)} }`);
  }

  /** Takes the row into the accumulators of a slot of `table`. */
  private update(
    i: number,
    fold: FoldShape,
    table: string,
    row: RowSource,
    inputs: readonly { readonly where: string | null; readonly arg: Operand | null }[],
    findSlot: () => void,
  ): void {
    const { code } = this;
    const { ttlMs } = fold.transform;
    const { numStride, metaStride } = fold;
    const t = row.time;
    const partial = fold.mode === 'partial';
    code.block('', () => {
      code.line('let s, head;');
      findSlot();
      code.line('head = s;', `const T = ${table};`, `let N = T.num, q = s * ${numStride};`);
      if (ttlMs === null) code.line(`if (${t} > N[q]) N[q] = ${t};`);
      else {
        const alone = `T.meta[s * ${metaStride} + ${NEXT}] < 0`;
        code.line(
          `if (${t} - N[q] <= ${ttlMs} && N[q + 1] - ${t} <= ${ttlMs} && ${alone}) {`,
          `if (${t} > N[q]) N[q] = ${t};`,
          `if (${t} < N[q + 1]) N[q + 1] = ${t};`,
          `} else { s = K.nodes[${i}].place(T, s, ${t}, ${t}); N = T.num; q = s * ${numStride}; }`,
        );
      }
      for (const [j, accumulator] of fold.accumulators.entries()) {
        if (accumulator.updateRow) {
          accumulator.updateRow(code, row);
          continue;
        }
        const { where, arg } = inputs[j];
        const tests = [...(where === null ? [] : [where]), ...(arg === null || arg.isNull === null ? [] : [`!${arg.isNull}`])];
        if (tests.length === 0) accumulator.update(code, arg);
        else code.block(`if (${tests.join(' && ')})`, () => accumulator.update(code, arg));
      }
      if (!partial) code.line(`if ((T.meta[head * ${metaStride} + ${FLAGS}] & 3) !== 3) T.touch(head);`);
    });
  }

  /** The operand in variables: where a row is another table's, the names of its slot mean something else in the block that updates. */
  private bound(operand: Operand): Operand {
    if (this.source.late !== null) return operand;
    const { code } = this;
    const hold = (source: string): string => {
      const name = code.local('v');
      code.line(`${name} = ${source};`);
      return name;
    };
    const isNull = operand.isNull && hold(operand.isNull);
    if (operand.text === null) {
      const value = hold(operand.value);
      return { ...operand, value, definite: value, isNull, encoded: null };
    }
    const { bytes, start, end } = operand.text;
    return { ...operand, isNull, text: { bytes: hold(bytes), start: hold(start), end: hold(end) }, encoded: null };
  }

  private boundRow({ operands }: RowSource, names: readonly string[]): Map<string, Operand> {
    return new Map(names.map((name) => [name, this.bound(operands.get(name)!)]));
  }

  /** Says which node is at work, if one of its expressions may throw. */
  private note(i: number, exprs: readonly Parameters<typeof mayThrow>[0][]): void {
    if (!exprs.some(mayThrow)) return;
    this.throws = true;
    if (this.source.at !== null) this.code.line(`${this.source.at} = ${i};`);
  }

  private when(condition: string | null, body: () => void): void {
    if (condition === null) body();
    else this.code.block(`if (${condition})`, body);
  }

  private effect(passed: string | null, body: () => void): void {
    this.effects.push(() => this.when(passed, body));
  }
}

interface Key {
  readonly bytes: string;
  readonly start: string;
  readonly end: string;
  readonly hash: string;
}
