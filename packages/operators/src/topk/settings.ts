import { messages, type NamedColumn, type Order, type StepContext, type YamlEntry } from '@rta/dsl';

/** What stands behind `topK`, checked one by one. */
export interface TopKSettings {
  readonly k: number;
  /** Empty where it is wrong; reported. */
  readonly by: readonly Order[];
  readonly ties: boolean;
  readonly rank: NewColumn | null;
  readonly list: NewColumn | null;
  /** Null: all columns. */
  readonly take: { readonly entry: YamlEntry; readonly columns: readonly NamedColumn[]; readonly failed: readonly string[] } | null;
}

interface NewColumn {
  readonly name: string;
  readonly entry: YamlEntry;
}

/** At most one row is kept, so that nothing has to tell rows apart. */
export function keepsOne({ k, ties }: TopKSettings): boolean {
  return k === 1 && !ties;
}

/** Null where nothing can be said of the result; reported. */
export function readSettings(context: StepContext): TopKSettings | null {
  const { config } = context;
  if (config.kind !== 'map') return null;
  const entryOf = (key: string): YamlEntry | undefined => config.entries.find((entry) => entry.key === key);
  const named = (key: 'rank' | 'list'): NewColumn | null => {
    const entry = entryOf(key);
    const name = entry === undefined ? null : context.setting(key);
    return entry === undefined || name === null || !context.newName(name, entry.value.span) ? null : { name, entry };
  };
  const by = context.order(entryOf('by')!.value);
  const takeEntry = entryOf('take');
  const take = takeEntry === undefined ? null : context.columns(takeEntry.value);
  if (take !== null && !take.complete && take.columns.length === 0) return null;
  return {
    k: Number(context.setting('k')),
    by: by ?? [],
    ties: context.setting('ties') === 'all',
    rank: named('rank'),
    list: named('list'),
    take: take === null ? null : { entry: takeEntry!, columns: take.columns, failed: take.failed },
  };
}

/** Reports a new column that is named as another of the same rows is. */
export function checkNewColumn(context: StepContext, column: NewColumn | null, others: readonly string[], what: 'rank' | 'list'): void {
  if (column !== null && others.includes(column.name))
    context.report(messages.columnTwice(column.entry.value.span, column.name, `give the ${what} another name`));
}
