// Registers versions and moves them between stages, for tests that need existing versions.
import { type ModelInput } from '../../domain/model/definition.ts';
import { type Database } from '../../store/postgres/database.ts';
import { freezeWindow } from '../../store/datasets/freeze.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { recordDecision } from '../../store/registry/decisions.ts';
import { findEvidence, writeEvidence } from '../../store/registry/evidence.ts';
import { type GrantHolder, issueGrant } from '../../store/registry/grants.ts';
import { openRetrain } from '../../store/registry/retrains.ts';
import { type Authority, moveToStaging, promote } from '../../store/registry/stage-moves.ts';
import { registerVersion } from '../../store/registry/versions.ts';
import { type SignalledDecision } from '../../workflows/protocol/messages.ts';
import { sampleModel } from './sample-model.ts';

/** Returns the authority that moves a version in a test; `runId` distinguishes runs. */
export const by = (runId = 'run', actor = 'ada'): Authority => ({
  actor,
  authority: 'key',
  evidenceDigest: 'e'.repeat(64),
  workflowId: 'test',
  runId,
});

/**
 * Stores evidence, unless the version has some, and approves it, so that the version may be promoted.
 *
 * @param champion the version that the evidence compares with
 * @returns the authority of that decision
 */
export async function approved(
  database: Database,
  model: string,
  version: number,
  champion: number | null,
  { runId = 'run', actor = 'ada' } = {},
): Promise<Authority> {
  const { digest } =
    (await findEvidence(database, model, version)) ??
    (await writeEvidence(database, {
      model,
      version,
      championVersion: champion,
      body: { model, version, summary: 'better', requestedBy: 'grace' },
      expiresAt: new Date('2100-01-01Z'),
    }));
  const grant = await issueGrant(database, grantHolder(actor), {
    action: 'approve',
    model,
    version,
    evidenceDigest: digest,
  });
  const { grantId, refusal } = await recordDecision(
    database,
    {
      request: `${model}/${version}/approved`,
      model,
      version,
      evidenceDigest: digest,
      decision: 'approve',
      actor,
      authority: 'key',
      channel: 'update',
      comment: '',
      refusal: null,
      workflowId: 'test',
      runId,
    },
    grant,
  );
  if (refusal !== null) throw new Error(refusal);
  return { ...by(runId, actor), evidenceDigest: digest, grantId };
}

/** Issues a grant of a person to approve a version, and returns the input of the signal `approve` that carries it. */
export async function grantedApproval(
  database: Pick<Database, 'kysely'>,
  person: string,
  { model, version, digest }: { readonly model: string; readonly version: number; readonly digest: string },
): Promise<SignalledDecision> {
  const scope = { action: 'approve', model, version, evidenceDigest: digest } as const;
  const { id: grantId } = await issueGrant(database, grantHolder(person), scope);
  // The grant has the comment.
  return { version, evidenceDigest: digest, grantId } as SignalledDecision;
}

const ids = new Map<string, number>();

/** Returns an authenticated person with every role; the same name is the same person. */
export function grantHolder(person: string, more: Partial<GrantHolder> = {}): GrantHolder {
  const personId = ids.get(person) ?? ids.size + 1;
  ids.set(person, personId);
  return {
    personId,
    person,
    ownerId: null,
    roles: ['viewer', 'operator', 'approver', 'admin'],
    via: 'key',
    credential: keyIdOf(person),
    ...more,
  };
}

/** The id of the key of a person in tests. */
export const keyIdOf = (person: string): string =>
  `${person.toLowerCase().replaceAll(/[^a-z]/g, '')}xxxxxxxxxxxx`.slice(0, 12);

/** Records a person of {@link grantHolder} with a key, so that the audit log knows who was granted something. */
export async function recordHolder(database: Pick<Database, 'pool'>, person: string): Promise<void> {
  const { personId } = grantHolder(person);
  await database.pool.query(
    `insert into tidegate.principal (id, kind, name) overriding system value values ($1, 'person', $2)`,
    [personId, person],
  );
  await database.pool.query(
    `insert into tidegate.api_key (id, principal_id, hash, roles, expires_at)
     values ($1, $2, sha256(convert_to($1, 'UTF8')), '{approver}', now() + interval '1 day')`,
    [keyIdOf(person), personId],
  );
}

/** A model whose versions a test registers and moves. */
export interface CandidateModel {
  readonly name: string;
  /** Registers the next version, in stage None. */
  readonly register: () => Promise<number>;
  /** Registers the next version and moves it to Staging. */
  readonly stage: () => Promise<number>;
  /** Registers the next version and moves it to Production, in place of the champion. */
  readonly produce: () => Promise<number>;
}

/** Applies a model over tables with one row, and freezes that row as the training dataset. */
export async function candidateModel(
  database: Database,
  name: string,
  model: Partial<ModelInput> = {},
): Promise<CandidateModel> {
  const sample = await sampleModel(database, name, { model });
  await sample.insert('spine', { user_id: 'u', at: '2024-01-15Z' });
  const { version: definitionVersion } = await applyDefinition(database, sample.definition, 'linus');
  const { id: datasetId } = await freezeWindow(database, {
    request: `${name}/training`,
    definition: sample.definition,
    definitionVersion,
    window: { from: new Date('2024-01-01Z'), to: new Date('2024-02-01Z') },
  });
  let made = 0;
  let champion: number | null = null;

  const register = async (): Promise<number> => {
    made += 1;
    const retrainId = `${name}/${made}`;
    const request = { reportId: null, asOf: null, trigger: 'manual', requestedBy: 'grace' };
    const run = { workflowId: 'test', runId: 'run' };
    await openRetrain(database, { id: retrainId, model: name, ...request, ...run });
    const { version } = await registerVersion(database, {
      model: name,
      definitionVersion,
      retrainId,
      datasetId,
      trainer: 'logistic-regression',
      artifact: { weights: [made], encoding: { dropped: [] } },
      reference: {},
    });
    return version;
  };
  const stage = async (): Promise<number> => {
    const version = await register();
    await moveToStaging(database, name, version, by(), { whilePending: 'supersede', detail: '' });
    return version;
  };
  const produce = async (): Promise<number> => {
    const version = await stage();
    await promote(
      database,
      name,
      version,
      champion,
      await approved(database, name, version, champion),
      'approved',
    );
    champion = version;
    return version;
  };
  return { name, register, stage, produce };
}
