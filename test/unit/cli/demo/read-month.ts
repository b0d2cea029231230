// Reads a month's files, as cells and as the frame of the churn example.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { isNumeric } from '../../../../domain/model/parts/column.ts';
import { type FeatureColumn, type Frame, MISSING_CODE } from '../../../../domain/data/frame.ts';
import { isHeldOut } from '../../../../domain/model/holdout.ts';
import churn from '../../../../models/churn.ts';

/** The cells of a month by column, over all tables, one per user; an empty text is a missing value. */
export type MonthCells = ReadonlyMap<string, readonly string[]>;

const tables = ['users', 'subscriptions', 'usage_agg_30d', 'payments_agg_90d', 'support_agg_90d', 'labels'];

/** Reads the six files, which have the same users in the same order. */
export function readMonth(folder: string): MonthCells {
  const cells = new Map<string, readonly string[]>();
  for (const table of tables) {
    const [header = [], ...rows] = parse(readFileSync(path.join(folder, `${table}.csv`)));
    const users = rows.map((row) => row[0]!).join();
    if (cells.get('user_id')?.join() !== (cells.has('user_id') ? users : undefined)) {
      throw new Error(`${table} speaks of other users`);
    }
    header.forEach((name, position) =>
      cells.set(
        name,
        rows.map((row) => row[position]!),
      ),
    );
  }
  return cells;
}

/** The 14 features of the example with labels, and its holdout of 20 % of the users. */
export function frameOf(cells: MonthCells): Frame {
  const users = cells.get('user_id')!;
  const features = churn.features.flatMap(({ columns }) =>
    Object.entries(columns).map(([name, spec]) =>
      isNumeric(spec) ? numbersOf(name, cells.get(name)!) : categoriesOf(name, cells.get(name)!),
    ),
  );
  return {
    rows: users.length,
    features,
    labels: Uint8Array.from(cells.get('churn_label')!, (cell) => Number(cell === 'True')),
    holdout: Uint8Array.from(users, (user) => Number(isHeldOut({ share: 0.2, salt: churn.name }, [user]))),
    clusters: Uint32Array.from(users.keys()),
    times: new BigInt64Array(users.length),
  };
}

const numbersOf = (name: string, cells: readonly string[]): FeatureColumn => ({
  kind: 'numeric',
  name,
  values: Float64Array.from(cells, (cell) => (cell === '' ? NaN : Number(cell))),
});

function categoriesOf(name: string, cells: readonly string[]): FeatureColumn {
  const dictionary = [...new Set(cells)].filter((cell) => cell !== '');
  const codes = Uint32Array.from(cells, (cell) => (cell === '' ? MISSING_CODE : dictionary.indexOf(cell)));
  return { kind: 'category', name, codes, dictionary };
}
