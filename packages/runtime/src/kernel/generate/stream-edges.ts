/**
 * Code for what follows a stream: rows go through filters and projections to folds and sinks, at once. First everything is computed that may
 * fail, for all branches; then everything is done. So a row that fails has no effect at all.
 */
import type { TypedExpr, UnnestTransform } from '@rta/dsl';
import { conditionSource } from '../expression-source.js';
import { acceptanceOf, reachOf } from '../../plan/window-times.js';
import { columnsKept, expressionsOf } from '../../plan/columns-used.js';
import { mayThrow } from '../../plan/may-throw.js';
import { FLAGS, NEXT } from '../../state/group-table-rows.js';
import { STALE } from '../run/session-chains.js';
import { alertRowCode } from './alert-feed.js';
import { alignedFeed, paneFeed } from './aligned-feed.js';
import type { Code } from './code.js';
import type { FoldShape } from './fold.js';
import { type GroupKey, groupKeyCode } from './group-key.js';
import type { Operand } from './operand.js';
import { overCode } from './over-feed.js';
import { operandOf, type RowSource, scopeOf, type StreamCode } from './scope.js';
import { sendCode } from './send.js';
import { sinkCode } from './sink.js';
import { spreadStreamCode } from './spread-feed.js';
import type { StageShape } from './stage-shape.js';
import { unnestCode } from './unnest.js';

/** A row of a stream in generated code. */
export interface StreamRow extends RowSource {
  /** For records of sources: source of their partition's watermark, and code that reports being late. Null: never late. */
  readonly late: { readonly watermark: string; report(node: number, windows: string): string } | null;
  /** Variable that holds the node at work, for errors; null: nobody asks. */
  readonly at: string | null;
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
    code.mark(i);
    switch (node.op) {
      case 'filter': {
        const passes = code.local('ok', 'false');
        this.note(i, [node.transform.condition]);
        const condition = conditionSource(node.transform.condition, scopeOf(row), code);
        code.line(`${passes} = ${passed === null ? condition : `${passed} && ${condition}`};`);
        this.effect(i, passed, () => code.line(`K.rowsIn[${i}]++; if (${passes}) K.rowsOut[${i}]++;`));
        this.compute(shape.readers[i], row, passes);
        break;
      }
      case 'project':
        this.project(i, row, passed);
        break;
      case 'unnest':
        this.unnest(i, node.transform, row, passed);
        break;
      case 'fold':
        this.fold(i, row, passed);
        break;
      case 'sink':
        this.effect(i, passed, () => sinkCode(shape, code, i, row, false));
        break;
      case 'send':
        this.send(i, row, passed);
        break;
      case 'spread':
        this.effect(i, passed, () => spreadStreamCode(shape, code, i, row));
        break;
      case 'over':
        this.effect(i, passed, () => overCode(shape, code, i, row, this.source.late));
        break;
      case 'alert':
        this.effect(i, passed, () => alertRowCode(code, i, row));
        break;
      case 'rank':
        throw new Error(`${node.id}: a rank of a stream is not available`);
      default:
        throw new Error(`${node.id} does not read rows of a stream`);
    }
  }

  private send(i: number, row: RowSource, passed: string | null): void {
    const { code } = this;
    const node = this.shape.node(i);
    if (node.op !== 'send') return;
    const { key, columns, graceMs } = node.transform;
    const { late } = this.source;
    this.note(i, [...key, ...columns.map(({ expr }) => expr)]);
    let keys: Operand[] = [];
    let values: Operand[] = [];
    this.when(passed, () => {
      const scope = scopeOf(row);
      keys = key.map((expr) => operandOf(code, expr, scope));
      values = columns.map(({ expr }) => operandOf(code, expr, scope));
    });
    this.effect(i, passed, () => {
      code.line(`K.rowsIn[${i}]++;`);
      const to = node.output ?? { join: this.shape.readers[i][0], side: node.side };
      const send = (): void => sendCode(code, i, to, node.transform, keys, values, row);
      if (late === null || node.transform.table) send();
      else {
        const missed = `[{ start: ${row.time}, end: ${row.time} + ${graceMs} }]`;
        code.block(`if (${row.time} + ${graceMs} >= ${late.watermark})`, send, `} else { ${late.report(i, missed)} }`);
      }
    });
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
    this.effect(i, passed, () => code.line(`K.rowsIn[${i}]++; K.rowsOut[${i}]++;`));
    this.compute(shape.readers[i], { ...row, operands }, passed);
  }

  private unnest(i: number, transform: UnnestTransform, row: RowSource, passed: string | null): void {
    const { shape, folds, code, source } = this;
    this.note(i, [transform.array]);
    const each = (item: RowSource): StreamCode => streamEdges(shape, folds, code, shape.readers[i], { ...source, ...item });
    this.when(passed, () => {
      const { throws, apply } = unnestCode(code, i, transform, row, each);
      this.throws ||= throws;
      this.effect(i, passed, apply);
    });
  }

  private fold(i: number, row: RowSource, passed: string | null): void {
    const { code } = this;
    const node = this.shape.node(i);
    const fold = this.folds.get(i);
    if (node.op !== 'fold' || !fold) throw new Error(`${node.id} has no code`);
    const { group, accumulators, closes } = node.transform;
    this.note(i, [...group.map((g) => g.expr), ...accumulators.flatMap(expressionsOf)]);
    const groups: Operand[] = [];
    const inputs: FoldInput[] = [];
    let closing: Operand | null = null;
    const scope = scopeOf(row);
    this.when(passed, () => {
      for (const { expr } of group) groups.push(operandOf(code, expr, scope));
      if (closes !== undefined) closing = operandOf(code, closes, scope);
      for (const { arg, by, where, top } of accumulators) {
        let condition: string | null = null;
        if (where !== null) {
          condition = code.local('ok', 'false');
          code.line(`${condition} = ${conditionSource(where, scope, code)};`);
        }
        // Where the condition does not hold, the arguments are not looked at.
        const operand = (expr: TypedExpr): Operand => {
          let found: Operand | null = null;
          this.when(condition !== null && mayThrow(expr) ? condition : null, () => (found = operandOf(code, expr, scope)));
          return found!;
        };
        const orders = (top?.by ?? []).map(({ expr }) => operand(expr));
        inputs.push({ where: condition, arg: arg && operand(arg), by: by === undefined ? null : operand(by), orders });
      }
    });
    this.effect(i, passed, () => {
      code.line(`K.rowsIn[${i}]++;`);
      const values = inputs.map(({ where, arg, by, orders }) => ({
        ...{ where, arg: arg && this.bound(arg), by: by && this.bound(by) },
        orders: orders.map((order) => this.bound(order)),
      }));
      const end = closing && this.bound(closing).definite;
      const kept = this.boundRow(row, accumulators.flatMap(columnsKept));
      const update = (table: string, missing: () => void): void => this.update(i, fold, table, kept, values, missing);
      this.windows(i, row, fold, groupKeyCode(code, fold.groupColumns, groups), end, update);
    });
  }

  /** In which windows the row counts, and for which it is late. `closing`: source of the end of the window that it is a result of. */
  private windows(
    i: number,
    row: RowSource,
    fold: FoldShape,
    key: GroupKey,
    closing: string | null,
    update: (table: string, missing: () => void) => void,
  ): void {
    const { code } = this;
    const { late } = this.source;
    const { window } = fold.transform;
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
    if (closing !== null) {
      code.line(`${table} = ${state}.windows.at(${closing});`);
      find();
      return;
    }
    if (window === null || window.kind === 'session' || window.kind === 'sliding') {
      const accepted = (): void => {
        code.line(`${table} = ${state}.table;`);
        find();
      };
      const acceptance = acceptanceOf(fold.transform);
      if (acceptance === null || late === null) accepted();
      else {
        const missed =
          window?.kind === 'sliding'
            ? `[{ start: ${row.time} - ${window.sizeMs}, end: ${row.time} }]`
            : `[{ start: ${row.time}, end: ${row.time} + ${window === null ? acceptance : reachOf(fold.transform)} }]`;
        code.block(`if (${row.time} + ${acceptance} > ${late.watermark})`, accepted, `} else { ${late.report(i, missed)} }`);
      }
      return;
    }
    const { panes, gathers } = fold.transform;
    const byPane = panes === true || gathers === true;
    if (byPane || window.kind !== 'hopping' || window.zone !== null) {
      const report = late && ((missed: string) => late.report(i, missed));
      const feed = { window, time: row.time, watermark: late && late.watermark, report };
      const open = (id: string): void => {
        code.line(`${table} = ${state}.${gathers === true ? 'gathered' : 'windows'}.at(${id});`);
        find();
      };
      if (byPane) paneFeed(code, feed, state, open);
      else alignedFeed(code, feed, open);
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
  private update(i: number, fold: FoldShape, table: string, row: RowSource, inputs: readonly FoldInput[], findSlot: () => void): void {
    const { code } = this;
    const reach = reachOf(fold.transform);
    const { numStride, metaStride } = fold;
    const t = row.time;
    const partial = fold.mode === 'partial';
    const place = { time: t, partition: row.origin?.partition ?? '-1', offset: row.origin?.offset ?? '-1' };
    const isSliding = fold.transform.window?.kind === 'sliding';
    code.block('', () => {
      code.line('let s, head;');
      findSlot();
      code.line('head = s;', `const T = ${table};`, `let N = T.num, q = s * ${numStride};`);
      if (isSliding) code.line(`s = K.nodes[${i}].moment(T, s, ${t}, 1); N = T.num; q = s * ${numStride};`);
      else if (reach === null) code.line(`if (${t} > N[q]) N[q] = ${t};`);
      else {
        const alone = `T.meta[s * ${metaStride} + ${NEXT}] < 0`;
        code.line(
          `if (${t} - N[q] <= ${reach} && N[q + 1] - ${t} <= ${reach} && ${alone}) {`,
          `if (${t} > N[q]) N[q] = ${t};`,
          `if (${t} < N[q + 1]) N[q + 1] = ${t};`,
          `} else { s = K.nodes[${i}].place(T, s, ${t}, ${t}); N = T.num; q = s * ${numStride}; }`,
        );
      }
      for (const [j, accumulator] of fold.accumulators.entries()) {
        const { where, arg, by, orders } = inputs[j];
        const nulls = [arg, by].flatMap((operand) => (operand === null || operand.isNull === null ? [] : [`!${operand.isNull}`]));
        const tests = [...(where === null ? [] : [where]), ...nulls];
        if (accumulator.updateRow) accumulator.updateRow(code, row.operands, place, orders);
        else if (tests.length === 0) accumulator.update(code, arg, { by, ...place });
        else code.block(`if (${tests.join(' && ')})`, () => accumulator.update(code, arg, { by, ...place }));
      }
      if (!partial && fold.transform.window?.kind === 'session') code.line(`T.meta[s * ${metaStride} + ${FLAGS}] |= ${STALE};`);
      if (!partial && !isSliding) code.line(`if ((T.meta[head * ${metaStride} + ${FLAGS}] & 3) !== 3) T.touch(head);`);
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

  private boundRow(row: RowSource, names: readonly string[]): RowSource {
    return { ...row, operands: new Map(names.map((name) => [name, this.bound(row.operands.get(name)!)])) };
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

  private effect(i: number, passed: string | null, body: () => void): void {
    this.effects.push(() => {
      this.code.mark(i);
      this.when(passed, body);
    });
  }
}

/** What an accumulator takes of a row. */
interface FoldInput {
  readonly where: string | null;
  readonly arg: Operand | null;
  readonly by: Operand | null;
  /** topRows: what rows are ranked by. */
  readonly orders: readonly Operand[];
}
