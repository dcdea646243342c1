/** Plans compiled from YAML over the laws' source, which writes the topic `out`. */
import { compile, parseProject, type Plan, renderAll } from '@rta/dsl';
import { aggregates, operators } from '@rta/operators';
import { EVENT_SCHEMA } from './events.js';

const PROJECT = parseProject({ path: 'rta.yaml', text: 'notify: { oncall: { webhook: { url: http://localhost/ } } }' }, {}).project;

/**
 * @param steps each item begins with a line break and `- `
 * @param alerts each begins with a line break and its name; `oncall` is there to be notified
 */
export function planOf(steps: string, keyed: boolean, latenessMs: number, alerts = ''): Plan {
  const indented = steps.replaceAll('\n', '\n  ');
  const text = `pipeline: law
source:
  topic: input
  schema: event
${keyed ? '  key: user\n  format: { key: string, value: avro }\n' : ''}  time: at
  lateness: ${latenessMs}ms
steps:${indented}
sink: { topic: out }
${alerts === '' ? '' : `alerts:${alerts.replaceAll('\n', '\n  ')}\n`}`;
  const { plan, diagnostics } = compile({
    file: { path: 'law.yaml', text },
    project: PROJECT,
    loadSchema: (name) => (name === 'event' ? { schema: EVENT_SCHEMA } : null),
    schemaNames: () => ['event'],
    operators,
    aggregates,
    env: {},
  });
  if (plan === null) throw new Error(renderAll(diagnostics, { colour: false }));
  return plan;
}
