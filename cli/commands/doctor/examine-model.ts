// Checks a model's tables: they exist, have indexes and planner statistics, and are loaded as the definition says.
import { describeLoosened, policyRulesOf } from '../../../domain/decisions/loosened-policy.ts';
import { belowFloor } from '../../../domain/decisions/policy-floor.ts';
import { type ModelDefinition } from '../../../domain/model/definition.ts';
import { TidegateError } from '../../../domain/errors.ts';
import { percent } from '../../../domain/format-numbers.ts';
import { futureRows, onlineRowsAhead } from '../../../domain/quality/future-rows.ts';
import { type Database } from '../../../store/postgres/database.ts';
import { listWaiting } from '../../../store/definitions/reviews.ts';
import { sourceNotes } from '../../../store/definitions/source-notes.ts';
import { checkSources } from '../../../store/definitions/source-tables.ts';
import { MAX_HIDDEN, refuseHiddenNow } from '../../../store/join/known-guard.ts';
import {
  createIndexSql,
  missingIndexes,
  tablesWithoutStatistics,
} from '../../../store/join/missing-indexes.ts';
import { findFuture } from '../../../store/profiles/future-rows.ts';
import { findFloor } from '../../../store/registry/policy-floor.ts';
import { findEvidence, readPromotionPolicy } from '../../../store/registry/evidence.ts';
import { checkChain, historyChanged } from '../../../store/registry/verify-chain.ts';
import { findVersionIn } from '../../../store/registry/versions.ts';
import { explainError } from '../../../operations/explain-error.ts';

/** A table with fewer rows is scanned quickly without an index. */
const FEW_ROWS = 50_000;

/** Says what the promotion policy of a model leaves open: decisions of people who are not known, and rules below the floor. */
export async function examinePolicy(
  database: Database,
  { name: about, promotion }: ModelDefinition,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const floor = (await findFloor(database.kysely))?.policy ?? {};
  const { unverifiedSignals } = await readPromotionPolicy(database, about);
  if (unverifiedSignals === 'accept') {
    findings.push({
      about,
      kind: 'warning',
      words: 'accepts decisions and rollbacks of people who were not authenticated',
      remedy: "Remove promotion.unverifiedSignals: 'accept' from the model file, and apply it.",
    });
  }
  for (const { at, problem } of belowFloor(policyRulesOf({ promotion }), floor)) {
    findings.push({
      about,
      kind: 'warning',
      words: `${at} ${problem}; its next version follows the floor`,
      remedy: 'Raise the rule in the model file, and apply it.',
    });
  }
  for (const { version, loosens } of await listWaiting(database, about)) {
    findings.push({
      about,
      kind: 'warning',
      words: `definition ${version} waits for an approver, because it loosens ${describeLoosened(loosens)}`,
      remedy: `\`tidegate definition accept ${about} ${version}\`, or \`refuse\`.`,
    });
  }
  return findings;
}

/** Examines the tables and the history of a model. */
export async function examineModel(database: Database, definition: ModelDefinition): Promise<Finding[]> {
  const about = definition.name;
  const tables = await runCheck(
    about,
    () => checkSources(database, definition),
    'its tables match the definition',
  );
  const history = await runCheck(
    about,
    () => checkHistory(database, about),
    'its recorded history is unchanged',
  );
  // The checks below need tables that match the definition.
  if (tables.kind !== 'ok') return [tables, history].filter(({ kind }) => kind !== 'ok');
  const hidden = await runCheck(
    about,
    () => refuseHiddenNow(database, definition),
    `at most ${percent(MAX_HIDDEN)} of the rows of each view became known too late to be used`,
  );
  const indexes = await missingIndexes(database.pool, definition);
  const uncounted = await tablesWithoutStatistics(database.pool, definition);
  const future = await findFuture(database, definition);
  const notes = await notesOrProblem(database, definition);
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
      words: `${table.name} has rows, but Postgres has no planner statistics for it`,
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

/** Returns the notes on the tables; a single problem if the tables cannot be read. */
async function notesOrProblem(database: Database, definition: ModelDefinition): Promise<Finding[]> {
  const about = definition.name;
  try {
    const notes = await sourceNotes(database, definition);
    return notes.map(({ words, isWarning }) => ({ about, kind: isWarning ? 'warning' : 'ok', words }));
  } catch (error) {
    if (!(error instanceof TidegateError)) throw error;
    return [{ about, kind: 'problem', ...describeFailure(error) }];
  }
}

/**
 * Checks the chain of stage moves and the evidence of the version in Staging.
 *
 * @throws TidegateError HISTORY_CHANGED, EVIDENCE_CHANGED
 */
async function checkHistory(database: Database, model: string): Promise<void> {
  const { broken } = await checkChain(database, model);
  if (broken) throw historyChanged(model, broken);
  const staged = await findVersionIn(database, model, 'Staging');
  if (staged) await findEvidence(database, model, staged.version);
}

/** The result of one check. */
export interface Finding {
  /** What was checked: a server, the schema, or a model. */
  readonly about: string;
  /** `problem`: something is wrong. `warning`: worth a look. `ok`: nothing to do. */
  readonly kind: 'ok' | 'warning' | 'problem';
  readonly words: string;
  /** What to do about it, if anything can be done. */
  readonly remedy?: string;
}

/** Runs a check: `problem` with its error and remedy if it throws, else `ok` with the given text. */
export async function runCheck(about: string, check: () => Promise<unknown>, ok: string): Promise<Finding> {
  try {
    await check();
    return { about, kind: 'ok', words: ok };
  } catch (error) {
    return { about, kind: 'problem', ...describeFailure(error) };
  }
}

function describeFailure(error: unknown): Pick<Finding, 'words' | 'remedy'> {
  const { message, remedy } = explainError(error);
  return { words: message, remedy };
}
