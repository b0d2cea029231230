// What happened to a model, and what was in Production at an instant: approved by whom, on which evidence, and which servers answered with it.
import { type Database } from '../postgres/database.ts';
import { listDecisions, type RecordedDecision } from './decisions.ts';
import { listServingChanges, type ServingChange } from './serving-changes.ts';
import { listTransitions, type Transition } from './verify-chain.ts';

/** A process that answered requests. */
export interface AnsweringServer {
  readonly instance: string;
  readonly version: number;
  readonly predictions: number;
  readonly first: Date;
  readonly last: Date;
}

/** The state of a model at an instant. */
export interface StateAt {
  readonly at: Date;
  /** The version in Production, with the move that brought it there; null if none was. */
  readonly production: Transition | null;
  /** The accepted decisions on that version until then. */
  readonly decisions: readonly RecordedDecision[];
  /** The stop in force; null if predictions were not stopped. */
  readonly stopped: ServingChange | null;
  /** The servers that logged predictions in the day before, with the versions that they answered with. */
  readonly answeredBy: readonly AnsweringServer[];
}

/** Every move and every stop of a model, oldest first. */
export interface ModelHistory {
  readonly moves: readonly Transition[];
  readonly serving: readonly ServingChange[];
}

/** Reads the history of a model. @param until only what happened until then. @default everything */
export async function readHistory(database: Database, model: string, until?: Date): Promise<ModelHistory> {
  const isPast = ({ at }: { readonly at: Date }): boolean => until === undefined || at <= until;
  return {
    moves: (await listTransitions(database, model)).filter(isPast),
    serving: (await listServingChanges(database, model)).filter(isPast),
  };
}

/** How far back the servers are looked for, in milliseconds. */
const DAY_MS = 86_400_000;

/**
 * Finds out what was in Production at an instant. The servers are those of the prediction log in the day before, so a server
 * that still answered with an older version shows up with that version.
 *
 * @example (await stateAt(database, 'churn', new Date('2024-03-01T12:00:00Z'))).production?.version
 */
export async function stateAt(database: Database, model: string, at: Date): Promise<StateAt> {
  const { moves, serving } = await readHistory(database, model, at);
  const production = moves.findLast(({ to }) => to === 'Production') ?? null;
  const lastChange = serving.at(-1);
  const decisions = production ? await listDecisions(database, model, production.version) : [];
  return {
    at,
    production,
    decisions: decisions.filter((decision) => decision.accepted && decision.at <= at),
    stopped: lastChange?.stopped ? lastChange : null,
    answeredBy: await serversBefore(database, model, at),
  };
}

function serversBefore({ kysely }: Database, model: string, at: Date): Promise<AnsweringServer[]> {
  return kysely
    .selectFrom('tidegate.prediction')
    .select(({ fn }) => [
      'instance',
      'version',
      fn.countAll<number>().as('predictions'),
      fn.min('at').as('first'),
      fn.max('at').as('last'),
    ])
    .where('model', '=', model)
    .where('at', '>', new Date(at.getTime() - DAY_MS))
    .where('at', '<=', at)
    .groupBy(['instance', 'version'])
    .orderBy('instance')
    .orderBy('version')
    .execute()
    .then((rows) => rows.map((row) => ({ ...row, predictions: Number(row.predictions) })));
}
