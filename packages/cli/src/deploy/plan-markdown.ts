/** A project's plan as Markdown, for a comment on a pull request. */
import type { Change, PlanItem } from './items.js';
import { isRefused, type ProjectPlan } from './project-plan.js';
import { summaryLines } from './plan-text.js';

const MARK: Readonly<Record<Change, string>> = { create: '🟢', update: '🟡', unchanged: '⚪', rebuild: '🟣', breaking: '🔴' };

export function planMarkdown(plan: ProjectPlan): string {
  const changed = plan.items.filter(({ change, warnings }) => change !== 'unchanged' || warnings.length > 0);
  const table = ['| | what | name | of | why |', '| --- | --- | --- | --- | --- |', ...changed.map(rowOf)];
  const details = changed.flatMap(detailsOf);
  const head = isRefused(plan) ? '### rta plan: refused' : '### rta plan';
  return `${[head, '', ...summaryLines(plan), '', ...(changed.length === 0 ? [] : [...table, '']), ...details].join('\n').trimEnd()}\n`;
}

function rowOf({ change, kind, name, pipelines, places, role, reasons, drifted, needs, warnings }: PlanItem): string {
  const what = `${change}${drifted ? ', drifted' : ''}${needs === null ? '' : ` (\`--allow-${needs}\`)`}`;
  const at = change === 'breaking' ? places.map((place) => `\`${place}\``) : [];
  const why = [...at, ...reasons, ...warnings.map((warning) => `⚠️ ${warning}`)].map(cell).join('<br>');
  return `| ${MARK[change]} | ${what} | ${kind} \`${name}\` | ${cell(kind === 'pipeline' ? role : `${role} of ${pipelines.join(', ')}`)} | ${why} |`;
}

function detailsOf({ kind, name, diff, advice }: PlanItem): string[] {
  if (diff.length === 0 && advice.length === 0) return [];
  const body =
    diff.length === 0 ? [] : ['```diff', ...diff.map(({ sign, text }) => (sign === '~' ? `! ${text}` : `${sign} ${text}`)), '```'];
  const help = advice.map((each) => `- ${each}`);
  return [
    `<details><summary>${kind} ${name}</summary>`,
    '',
    ...body,
    ...(body.length > 0 && help.length > 0 ? [''] : []),
    ...help,
    '',
    '</details>',
    '',
  ];
}

function cell(text: string): string {
  return text.replace(/\|/g, '\\|').replace(/\n\s*/g, '<br>');
}
