// Options that hold for all tables of an import, or with table= before them for one.
import { type PerTable } from '../../store/import/import-files.ts';

/**
 * A parser for `value` and `table=value`; what is given again replaces what was given for the same tables.
 *
 * @example perTable(parseText)('events=event_time') // { tables: new Map([['events', 'event_time']]) }
 */
export const perTable =
  <T>(read: (text: string) => T) =>
  (text: string, earlier: PerTable<T> = { tables: new Map() }): PerTable<T> => {
    const at = text.indexOf('=');
    if (at < 1) return { ...earlier, all: read(text) };
    return {
      ...earlier,
      tables: new Map([...earlier.tables, [text.slice(0, at), read(text.slice(at + 1))]]),
    };
  };
