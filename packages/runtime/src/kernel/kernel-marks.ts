/** How a profile of generated code is read: each script says of which stage it is, and its lines of which node. */

const SCHEME = 'rta-kernel:';

/** What profilers know the functions of a stage by. */
export function kernelUrl(pipeline: string, stage: number): string {
  return `${SCHEME}${encodeURIComponent(pipeline)}/${stage}`;
}

/** The reverse of `kernelUrl`; null for other scripts. */
export function kernelOf(url: string): { readonly pipeline: string; readonly stage: number } | null {
  if (!url.startsWith(SCHEME)) return null;
  const [pipeline, stage] = url.slice(SCHEME.length).split('/');
  return { pipeline: decodeURIComponent(pipeline), stage: Number(stage) };
}

/** A line of generated source: what follows is node `i`'s; null: no node's. */
export function markOf(i: number | null): string {
  return `/*@${i ?? ''}*/`;
}

/** What a line of generated source marks; undefined where it is no mark. */
export function markIn(line: string): number | null | undefined {
  const digits = /^\s*\/\*@(\d*)\*\/$/.exec(line)?.[1];
  return digits === undefined ? undefined : digits === '' ? null : Number(digits);
}

/** Per line of a script, from 1 on (0 is none): the node that it is of, or null. */
export function nodesOfLines(source: string): readonly (number | null)[] {
  let node: number | null = null;
  return [
    null,
    ...source.split('\n').map((line) => {
      const mark = markIn(line);
      if (mark !== undefined) node = mark;
      return node;
    }),
  ];
}
