/** What `rta init` makes: directories of `templates/`, one laid over the other. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { Failure } from '../failure.js';

export interface Template {
  /** As `--template` calls it. */
  readonly name: string;
  readonly about: string;
  /** Of `rta generate`. */
  readonly scenario: string;
  /** The topic that its pipeline writes. */
  readonly sink: string;
  readonly directories: readonly string[];
}

export const TEMPLATES: readonly Template[] = [
  {
    name: 'leaderboard',
    about: 'The ten best players of a game, live.',
    scenario: 'leaderboards',
    sink: 'top-players',
    directories: ['project', 'leaderboard'],
  },
  {
    name: 'metrics',
    about: 'Rides by city over the last five minutes, minute by minute.',
    scenario: 'rides',
    sink: 'city-metrics',
    directories: ['project', 'rides', 'metrics'],
  },
  {
    name: 'alerts',
    about: 'An incident for each city in which many rides are cancelled.',
    scenario: 'rides',
    sink: 'cancellations-alerts',
    directories: ['project', 'rides', 'alerts'],
  },
];

export interface ProjectFile {
  /** Relative to the project, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly executable: boolean;
}

/** Where it is both in the checkout and in the package. */
const DIRECTORY = join(import.meta.dirname, '../../templates');

/** Packages hold no `.gitignore`, and directories with a dot are easily overlooked. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^gitignore$/, '.gitignore'],
  [/^github\//, '.github/'],
];

/** The files of a project, in order of their paths. @param words in place of `{{name}}` and so on */
export function projectFiles(template: Template, words: Readonly<Record<string, string>>): ProjectFile[] {
  const files = template.directories.flatMap((name) => filesOf(join(DIRECTORY, name)));
  if (files.length === 0) throw new Failure('no_templates', 'the templates are missing', 'install rta again, or run it from its checkout');
  const all = { ...words, about: template.about, scenario: template.scenario, sink: template.sink };
  return files
    .map(({ path, text }) => ({ path, text: filled(text, all), executable: path.endsWith('.sh') }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function filesOf(directory: string): { path: string; text: string }[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(directory, name)).isFile())
    .map((name) => {
      const path = NAMES.reduce((text, [pattern, to]) => text.replace(pattern, to), name.split(sep).join('/'));
      return { path, text: readFileSync(join(directory, name), 'utf8') };
    });
}

function filled(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => words[name] ?? whole);
}
