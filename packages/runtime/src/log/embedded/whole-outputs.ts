import type { IdleOutputs, OutputBatch } from '../log.js';

/** All parts together: a commit of the embedded log is one write. */
export async function wholeOutputs(outputs: IdleOutputs): Promise<readonly OutputBatch[]> {
  if (!(Symbol.asyncIterator in outputs)) return outputs;
  const whole: OutputBatch[] = [];
  for await (const part of outputs) whole.push(...part);
  return whole;
}
