import type { InputLag, PipelineLag } from '@rta/runtime';
import { bar, spark, tableLines } from '../output/table.js';
import { count, span } from '../run/figures.js';

const COLUMNS = [
  { title: 'STAGE', align: 'right' },
  { title: 'TOPIC' },
  { title: 'PARTITION', align: 'right' },
  { title: 'COMMITTED', align: 'right' },
  { title: 'END', align: 'right' },
  { title: 'LAG', align: 'right' },
  { title: '' },
  { title: 'WATERMARK' },
  { title: 'BEHIND', align: 'right' },
  { title: '' },
] as const;
const BAR_WIDTH = 10;

/**
 * A pipeline for people: what there is to say of it as a whole, then a line per stage, input and partition.
 *
 * @param now ms, from which is told how far watermarks are behind
 * @param earlier lags of earlier looks, oldest first; empty where there was none
 */
export function lagLines(lag: PipelineLag, now: number, earlier: readonly number[], bold: (text: string) => string): string[] {
  const { pipeline, watermark, holder, missing, inputs } = lag;
  const parts = [
    `lag ${count(lag.lag)}${earlier.length > 1 ? ` ${spark(earlier)}` : ''}`,
    watermark === null ? 'no watermark yet' : `watermark ${new Date(watermark).toISOString()}, ${span(now - watermark)} behind`,
    ...(holder === null ? [] : [`held by ${holder.topic} ${holder.partition}`]),
  ];
  const most = Math.max(0, ...inputs.map((input) => input.lag));
  const rows = inputs.map((input) => cells(lag, input, now, most));
  return [
    `${bold(pipeline)}  ${parts.join(' · ')}`,
    ...(rows.length === 0 ? [] : tableLines(COLUMNS, rows).map((line) => `  ${line}`)),
    ...missing.map((topic) => `  ${topic} does not exist: the pipeline has not run here`),
  ];
}

function cells({ holder }: PipelineLag, input: InputLag, now: number, most: number): string[] {
  const { watermark, heldBy, committed, end, kind } = input;
  const holds = kind === 'source' && holder?.topic === input.topic && holder.partition === input.partition;
  return [
    String(input.stage),
    input.topic,
    String(input.partition),
    committed === null ? '–' : String(committed),
    String(end),
    count(input.lag),
    bar(input.lag, most, BAR_WIDTH),
    watermark === null ? '–' : new Date(watermark).toISOString(),
    span(watermark === null ? null : now - watermark),
    holds ? '◂ holds the watermark' : heldBy === null ? '' : `held by partition ${heldBy} before`,
  ];
}
