// Whether the tables of a model are there, indexed, counted by Postgres, and loaded as the definition says.
import { type ModelDefinition } from '../../../domain/model/definition.ts';
import { TidegateError } from '../../../domain/errors.ts';
import { futureRows, onlineRowsAhead } from '../../../domain/quality/future-rows.ts';
import { type Database } from '../../../store/postgres/database.ts';
import { sourceNotes } from '../../../store/definitions/source-notes.ts';
import { checkSources } from '../../../store/definitions/source-tables.ts';
import { refuseHiddenNow } from '../../../store/join/known-guard.ts';
import {
  createIndexSql,
  missingIndexes,
  tablesWithoutStatistics,
} from '../../../store/join/missing-indexes.ts';
import { findFuture } from '../../../store/profiles/future-rows.ts';
import { findEvidence } from '../../../store/registry/evidence.ts';
import { checkChain, historyChanged } from '../../../store/registry/verify-chain.ts';
import { findVersionIn } from '../../../store/registry/versions.ts';
import { explainError } from '../../output/explain-error.ts';

/** A table of fewer rows is read whole in no time. */
const FEW_ROWS = 50_000;

/** Looks at the tables of a model's newest definition. */
export async function examineModel(database: Database, definition: ModelDefinition): Promise<Finding[]> {
  const about = definition.name;
  const tell = (error: unknown): Pick<Finding, 'words' | 'remedy'> => {
    const { message, remedy } = explainError(error);
    return { words: message, remedy };
  };
  const tables = await judge(
    about,
    () => checkSources(database, definition),
    'its tables fit the definition',
    tell,
  );
  const history = await judge(
    about,
    () => checkHistory(database, about),
    'its history is what was recorded',
    tell,
  );
  // Nothing else can be said of tables that are not as declared.
  if (tables.kind !== 'ok') return [tables, history].filter(({ kind }) => kind !== 'ok');
  const hidden = await judge(
    about,
    () => refuseHiddenNow(database, definition),
    'no value is hidden in silence',
    tell,
  );
  const indexes = await missingIndexes(database.pool, definition);
  const uncounted = await tablesWithoutStatistics(database.pool, definition);
  const future = await findFuture(database, definition);
  const notes = await notesOrFault(database, definition, tell);
  return [
    tables,
    history,
    hidden,
    ...indexes.map((index): Finding => ({
      about,
      kind: index.rows < FEW_ROWS ? 'warning' : 'problem',
      words: `${index.table} has no index for ${index.use}: ${index.columns.join(', ')}`,
      remedy: `${createIndexSql(index)};`,
    })),
    ...uncounted.map((table): Finding => ({
      about,
      kind: 'problem',
      words: `${table.name} has rows, and Postgres has no statistics of them`,
      remedy: `analyze ${table.quoted};`,
    })),
    ...[
      ...future.rows.map(futureRows),
      ...future.online.map((version) => onlineRowsAhead(about, version)),
    ].map(({ table, words, advice }): Finding => ({
      about,
      kind: 'warning',
      words: table === null ? words : `${table}: ${words}`,
      remedy: advice,
    })),
    ...notes,
  ];
}

/** What is worth knowing of the tables, or the label that cannot be read. */
async function notesOrFault(
  database: Database,
  definition: ModelDefinition,
  tell: (error: unknown) => Pick<Finding, 'words' | 'remedy'>,
): Promise<Finding[]> {
  const about = definition.name;
  try {
    const notes = await sourceNotes(database, definition);
    return notes.map(({ words, isWarning }) => ({ about, kind: isWarning ? 'warning' : 'ok', words }));
  } catch (error) {
    if (!(error instanceof TidegateError)) throw error;
    return [{ about, kind: 'problem', ...tell(error) }];
  }
}

/** The chain of moves, and the evidence of the version that waits. @throws TidegateError HISTORY_CHANGED, EVIDENCE_CHANGED */
async function checkHistory(database: Database, model: string): Promise<void> {
  const { broken } = await checkChain(database, model);
  if (broken) throw historyChanged(model, broken);
  const staged = await findVersionIn(database, model, 'Staging');
  if (staged) await findEvidence(database, model, staged.version);
}

/** One thing that was looked at. */
export interface Finding {
  /** What it is about: a server, the schema, or a model. */
  readonly about: string;
  /** `problem`: something is wrong. `warning`: worth a look. `ok`: as it should be. */
  readonly kind: 'ok' | 'warning' | 'problem';
  readonly words: string;
  /** What to do, where something can be done. */
  readonly remedy?: string;
}

/** Turns a refusal into a problem, and its absence into what is well. */
export async function judge(
  about: string,
  look: () => Promise<unknown>,
  well: string,
  tell: (error: unknown) => Pick<Finding, 'words' | 'remedy'>,
): Promise<Finding> {
  try {
    await look();
    return { about, kind: 'ok', words: well };
  } catch (error) {
    return { about, kind: 'problem', ...tell(error) };
  }
}
