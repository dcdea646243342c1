/** A project's plan for people, as a terminal shows it. */
import { printable } from '../run/text-width.js';
import type { Change, PlanItem } from './items.js';
import { allowancesOf, countOf, isRefused, type ProjectPlan } from './project-plan.js';

const MARK: Readonly<Record<Change, string>> = { create: '+', update: '~', unchanged: '=', rebuild: '↻', breaking: '✗' };
const COLOUR: Readonly<Record<Change, string>> = { create: '32', update: '33', unchanged: '2', rebuild: '35', breaking: '31;1' };
const SIGN_COLOUR = { '+': '32', '-': '31', '~': '33', ' ': '2' } as const;

/** @param all also what stays as it is */
export function planText(plan: ProjectPlan, { coloured, all }: { readonly coloured: boolean; readonly all: boolean }): string {
  const paint = (colour: string, text: string): string => (coloured ? `\u001B[${colour}m${text}\u001B[0m` : text);
  const shown = plan.items.filter((item) => all || item.change !== 'unchanged' || item.warnings.length > 0);
  const nameWidth = Math.min(48, Math.max(0, ...shown.map(({ name }) => name.length)));
  const lines = shown.flatMap((item) => [
    `${paint(COLOUR[item.change], `${MARK[item.change]} ${item.kind.padEnd(8)} ${printable(item.name).padEnd(nameWidth)}`)}  ${firstLine(item)}`,
    ...(item.change === 'breaking' ? item.places : []).map((place) => `    at ${printable(place)}`),
    ...item.reasons.map((reason) => `    ${printable(reason)}`),
    ...item.diff.map(({ sign, text }) => paint(SIGN_COLOUR[sign], `      ${sign} ${printable(text)}`)),
    ...item.advice.map((advice) => `    ${paint('36', 'help')}: ${printable(advice)}`),
    ...item.warnings.map((warning) => `    ${paint('33', 'warning')}: ${printable(warning)}`),
  ]);
  return [...lines, ...(lines.length > 0 ? [''] : []), ...summaryLines(plan)].map((line) => `${line.trimEnd()}\n`).join('');
}

function firstLine({ change, role, drifted, needs, pipelines, kind }: PlanItem): string {
  const whose = kind === 'pipeline' ? role : `${role} of ${pipelines.join(', ')}`;
  const words = [change === 'unchanged' ? '' : change, drifted ? 'drifted' : '', needs === null ? '' : `needs --allow-${needs}`].filter(
    (word) => word !== '',
  );
  return words.length === 0 ? whose : `${whose}: ${words.join(', ')}`;
}

/** What comes of it, in a line or two. */
export function summaryLines(plan: ProjectPlan): string[] {
  const counts = (['create', 'update', 'rebuild', 'breaking'] as const).flatMap((change) => {
    const count = countOf(plan, change);
    return count === 0 ? [] : [`${count} ${change === 'breaking' ? 'breaking' : `to ${change}`}`];
  });
  const unchanged = `${countOf(plan, 'unchanged')} unchanged`;
  const allowances = allowancesOf(plan);
  const lines = [counts.length === 0 ? `Nothing to do: ${unchanged}.` : `Plan: ${counts.join(', ')}, ${unchanged}.`];
  if (isRefused(plan)) lines.push('Refused: a deploy changes nothing until what is breaking is gone.');
  else if (allowances.length > 0) lines.push(`A deploy needs ${allowances.map((allowance) => `--allow-${allowance}`).join(' and ')}.`);
  if (plan.others.length > 0) lines.push(`Deployed as well, and left alone: ${plan.others.join(', ')}.`);
  return lines;
}
