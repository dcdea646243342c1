/** Code that finds out in which windows a row counts, where their bounds take more than a multiplication, and in which pane (plan/panes.ts). */
import type { CumulateWindow, HoppingWindow } from '@rta/dsl';
import { alignedWindows } from '../../plan/aligned-windows.js';
import type { Code } from './code.js';

/** Sources: the row's event time; the watermark of its partition, or null. */
interface Feed {
  readonly window: HoppingWindow | CumulateWindow;
  readonly time: string;
  readonly watermark: string | null;
  /** Gives the source that reports the windows missed, an array. Null with `watermark`. */
  readonly report: ((missed: string) => string) | null;
}

/** @param open adds the code that takes the row into the table of the number of that source */
export function alignedFeed(code: Code, { window, time, watermark, report }: Feed, open: (id: string) => void): void {
  const windows = code.constant(alignedWindows(window));
  const [id, missed] = [code.local('id', '0'), code.local('missed', 'null')];
  code.line(`${missed} = null;`);
  const next = `${id} = ${windows}.next(${id}, ${time})`;
  code.block(`for (${id} = ${windows}.first(${time}); ${id} === ${id}; ${next})`, () => {
    const interval = `{ start: ${windows}.startOf(${id}), end: ${windows}.endOf(${id}) }`;
    if (watermark !== null)
      code.line(`if (${watermark} >= ${windows}.endOf(${id}) + ${window.graceMs}) { (${missed} ??= []).push(${interval}); continue; }`);
    open(id);
  });
  if (report !== null) code.line(`if (${missed} !== null) { ${report(missed)} }`);
}

/**
 * The pane of a row that is late for none of its windows, which is late for the first of them at the earliest; of others, windows.
 * @param state source of the fold's `PaneState`
 */
export function paneFeed(code: Code, feed: Feed, state: string, open: (id: string) => void): void {
  const { window, time, watermark } = feed;
  const pane = code.local('pane');
  const closed = watermark === null ? `${state}.closed + ${window.graceMs}` : `Math.max(${watermark}, ${state}.closed + ${window.graceMs})`;
  const [id, isPane] = [code.local('at', '0'), `${closed} < ${pane}.end + ${window.graceMs}`];
  code.line(`${pane} = ${code.constant(alignedWindows(window))}.pane(${time});`);
  code.block(
    `if (${isPane})`,
    () => {
      code.line(`${id} = ${pane}.start * 2;`);
      open(id);
    },
    '} else {',
  );
  alignedFeed(code, feed, (of) => {
    code.line(`${id} = ${of} * 2 + 1;`);
    open(id);
  });
  code.line('}');
}
