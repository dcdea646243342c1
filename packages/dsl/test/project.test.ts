import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseProject } from '../src/index.js';
import { oneLine } from './compile-file.js';

function check(text: string, ...expected: string[]): ReturnType<typeof parseProject>['project'] {
  const { project, diagnostics } = parseProject({ path: 'rta.yaml', text }, { BROKERS: 'a:9092,b:9092', PASSWORD: 'secret' });
  expect(diagnostics.map(oneLine)).toEqual(expected);
  return project;
}

describe('rta.yaml', () => {
  it('holds sources, topics, defaults and connections', () => {
    const project = check(
      [
        'sources:',
        '  a: { topic: "a-${ENV:-dev}", schema: x, lateness: 5s }',
        'topics: { a: { partitions: 3, retention: 7d, cleanup: compact } }',
        'notify: { oncall: { pagerduty: "${PAGERDUTY_KEY}" } }',
        'defaults: { lateness: 1s, idle: 1m, late: { topic: late }, errors: skip, standby: 1 }',
        'kafka: { brokers: "${BROKERS}", ssl: true, sasl: { mechanism: plain, username: u, password: "${PASSWORD}" } }',
        'registry: { url: "http://localhost:8081" }',
      ].join('\n'),
    );
    expect(project.sources.get('a')?.topic?.value).toBe('a-dev');
    expect(project.sources.get('a')?.latenessMs).toBe(5000);
    expect(project.topics).toEqual([
      { name: 'a', partitions: 3, replication: null, retentionMs: 604_800_000, compression: null, cleanup: ['compact'] },
    ]);
    expect(project.notify.get('oncall')).toMatchObject({ kind: 'pagerduty', settings: {}, problems: [{ code: 'RTA2208' }] });
    expect(project.defaults).toEqual({
      latenessMs: 1000,
      idleMs: 60_000,
      late: { policy: 'topic', topic: 'late' },
      errors: { policy: 'skip' },
      standby: 1,
    });
    expect(project.kafka).toEqual({ brokers: 'a:9092,b:9092', ssl: true, sasl: { mechanism: 'plain', username: 'u', password: 'secret' } });
    expect(project.registry).toEqual({ url: 'http://localhost:8081' });
  });

  it('may be empty', () => {
    const project = check('# nothing yet\n');
    expect(project.sources.size).toBe(0);
    expect(project.kafka).toBeNull();
  });

  it('reports all errors, and never the value of a variable', () => {
    check(
      'sources:\n  a: { topc: a }\nsorces: {}\nkafka: { brokers: "${MISSING}", sasl: { mechanism: "${PASSWORD}" } }\ndefaults: { lateness: 5, late: never }\n',
      'RTA2201 2:8 a source has no `topc`; did you mean `topic`?',
      'RTA2201 3:1 rta.yaml has no `sorces`; did you mean `sources`?',
      'RTA2208 4:19 the environment variable `MISSING` is not set; set it, or give a default: `${MISSING:-value}`',
      'RTA2204 4:52 `mechanism` cannot be `${PASSWORD}`; it is plain, scram-sha-256 or scram-sha-512',
      'RTA2207 5:23 `lateness` must be a duration; this is `5`; say the unit: `5s` or `5ms`',
      'RTA2205 5:32 `late` must be drop or `{ topic: name }`',
    );
  });

  it('is not a list', () => {
    check('- a\n', 'RTA2203 1:1 rta.yaml must be a map; this is a list');
  });

  it('includes files, relative to each', () => {
    const { project, diagnostics } = parseWith({
      'rta.yaml': 'include: shared/all.yaml\nsources:\n  a: { topic: a }\n',
      'shared/all.yaml':
        'include: [b.yaml, "${DEEPER:-deep}/c.yaml"]\ntopics: { x: { partitions: 3 } }\nnotify: { oncall: { webhook: http://localhost } }\n',
      'shared/b.yaml': 'include: deep/c.yaml\nsources:\n  b: { topic: b }\n',
      'shared/deep/c.yaml': 'sources:\n  c: { topic: c }\n',
    });
    expect(diagnostics).toEqual([]);
    expect([...project.sources.keys()]).toEqual(['c', 'b', 'a']);
    expect(project.topics.map(({ name }) => name)).toEqual(['x']);
    expect(project.notify.get('oncall')).toEqual({ name: 'oncall', kind: 'webhook', settings: { url: 'http://localhost' }, problems: [] });
  });

  it('says what is wrong with included files, and where', () => {
    const { diagnostics } = parseWith({
      'rta.yaml': 'include: [a.yaml, nowhere.yaml, "${PASSWORD}"]\nsources:\n  s: { topic: a }\n',
      'a.yaml': 'include: b.yaml\nsources:\n  s: { topic: a }\nkafka: {}\n',
      'b.yaml': 'include: a.yaml\n',
    });
    expect(diagnostics.map((diagnostic) => `${diagnostic.span.source.path} ${oneLine(diagnostic)}`)).toEqual([
      'a.yaml RTA2201 4:1 an included file has no `kafka`; it can have include, sources, topics and notify',
      'b.yaml RTA3702 1:10 these files include each other: `a.yaml` → `b.yaml` → `a.yaml`; put what they share into a file that both include',
      'rta.yaml RTA3701 1:19 there is no file `nowhere.yaml`; the path is relative to the file that includes it',
      'rta.yaml RTA3701 1:33 there is no file `${PASSWORD}`; the path is relative to the file that includes it',
      'rta.yaml RTA3703 3:3 the source `s` is there already, in `a.yaml`; keep one of them',
    ]);
  });
});

function parseWith(files: Readonly<Record<string, string>>): ReturnType<typeof parseProject> {
  return parseProject({ path: 'rta.yaml', text: files['rta.yaml'] }, { PASSWORD: 'secret' }, (from, name) => {
    const path = posix.join(posix.dirname(from.path), name);
    return path in files ? { path, text: files[path] } : null;
  });
}
