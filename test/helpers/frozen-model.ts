// Stores a model over given frames, without source tables: a champion trained on one frame, and reports on others.
import { digestOf } from '../../domain/canonical-json.ts';
import { freezeReference } from '../../domain/data/profile/feature-reference.ts';
import { encodeReference } from '../../domain/data/profile/profile-codec.ts';
import { category, numeric } from '../../domain/model/parts/column.ts';
import { parseDefinition, view } from '../../domain/model/define-model.ts';
import { type ModelInput } from '../../domain/model/definition.ts';
import { evaluationRows, type Frame, trainingRows } from '../../domain/data/frame.ts';
import { type Artifact } from '../../domain/learning/artifact/artifact.ts';
import { scoreRows } from '../../domain/learning/artifact/score.ts';
import { trainerNamed } from '../../domain/learning/trainers.ts';
import {
  type EncodedScoreReference,
  encodeScores,
  freezeScores,
} from '../../domain/performance/score-reference.ts';
import { type Database } from '../../store/postgres/database.ts';
import {
  type Chunk,
  CHUNK_ROWS,
  chunkOf,
  featurePart,
  PARTS,
  textChunkOf,
} from '../../store/datasets/chunk.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { openReport } from '../../store/registry/reports.ts';
import { openRetrain } from '../../store/registry/retrains.ts';
import { registerVersion } from '../../store/registry/versions.ts';
import { approved, by } from './candidates.ts';
import { moveToStaging, promote } from '../../store/registry/stage-moves.ts';

/** A model with a champion. */
export interface FrozenModel {
  readonly name: string;
  /** Opens a report on these rows; `times` stores them that many times, one copy after another. */
  readonly report: (frame: Frame, options?: { times?: number; request?: string }) => Promise<number>;
}

/**
 * Applies a model with a frame's features and registers a champion, version 1, trained on it. Every row is labelled.
 *
 * @param input merged into the definition
 * @param options `scored` says whether the champion has a score reference
 */
export async function frozenModel(
  database: Database,
  name: string,
  training: Frame,
  input: Partial<ModelInput> = {},
  { scored = true }: { readonly scored?: boolean } = {},
): Promise<FrozenModel> {
  const columns = Object.fromEntries(
    training.features.map((column) => [column.name, column.kind === 'numeric' ? numeric() : category()]),
  );
  const definition = parseDefinition({
    name,
    entity: { name: 'user', keys: ['user_id'] },
    rows: { table: `${name}.rows`, timestamp: 'at' },
    features: [view({ table: `${name}.rows`, timestamp: 'at', columns })],
    label: { table: `${name}.rows`, column: 'label', timestamp: 'at' },
    monitor: { every: '1 month', window: '1 month' },
    training: { trainer: 'logistic-regression', window: '1 month' },
    promotion: {},
    // Saves time; a test that is about the domain classifier turns it on.
    drift: { multivariate: false },
    ...input,
  });
  const types = training.features.map(
    ({ name, kind }) => `${name} ${kind === 'numeric' ? 'float8' : 'text'}`,
  );
  await database.pool.query(`create schema ${name}`);
  await database.pool.query(
    `create table ${name}.rows (user_id text, at timestamptz, label boolean, ${types.join(', ')})`,
  );
  const { version: definitionVersion } = await applyDefinition(database, definition, 'linus');
  const at = (request: string) => ({ model: name, definitionVersion, request });
  const datasetId = await storeFrame(database, at(`${name}/training`), training);
  const run = { workflowId: 'test', runId: name };
  const retrainId = `${name}/1`;
  await openRetrain(database, {
    id: retrainId,
    model: name,
    reportId: null,
    asOf: null,
    trigger: 'manual',
    requestedBy: 'ada',
    ...run,
  });
  const artifact = trainerNamed('logistic-regression').fit({
    frame: training,
    rows: trainingRows(training),
    options: { seed: 1 },
  });
  const { version } = await registerVersion(database, {
    model: name,
    definitionVersion,
    retrainId,
    datasetId,
    trainer: 'logistic-regression',
    artifact,
    reference: encodeReference(freezeReference(training)),
    scoreReference: scored ? scoresOf(artifact, training) : null,
  });
  await moveToStaging(database, name, version, by(), { whilePending: 'supersede', detail: '' });
  await promote(database, name, version, null, await approved(database, name, version, null), 'approved');

  let reports = 0;
  const report: FrozenModel['report'] = async (frame, { times = 1, request } = {}) => {
    reports += 1;
    const name_ = request ?? `${name}/report-${reports}`;
    const windowId = await storeFrame(database, at(name_), frame, times);
    const opened = await openReport(database, {
      request: name_,
      model: name,
      definitionVersion,
      championVersion: version,
      datasetId: windowId,
      asOf: WINDOW.to,
      ...run,
    });
    return opened.id;
  };
  return { name, report };
}

function scoresOf(artifact: Artifact, frame: Frame): EncodedScoreReference | null {
  const rows = evaluationRows(frame);
  if (rows.length === 0) return null;
  const scores = scoreRows(artifact, frame, rows);
  const labels = Uint8Array.from(rows, (row) => frame.labels[row]!);
  return encodeScores(freezeScores('holdout', { scores, labels, times: new BigInt64Array(rows.length) }, 1));
}

const WINDOW = { from: new Date('2024-01-01Z'), to: new Date('2024-02-01Z') };

interface FrameOwner {
  readonly model: string;
  readonly definitionVersion: number;
  readonly request: string;
}

/** Stores a frame as freezing would; if rows are stored more than once, they must fill their chunks. */
async function storeFrame(database: Database, owner: FrameOwner, frame: Frame, times = 1): Promise<number> {
  const { rows: ids } = await database.pool.query<{ id: number }>(
    `select nextval(pg_get_serial_sequence('tidegate.dataset', 'id')) as id`,
  );
  const id = ids[0]!.id;
  const chunks = Math.ceil(frame.rows / CHUNK_ROWS);
  const names: string[] = [];
  const client = await database.pool.connect();
  try {
    await client.query('begin');
    for (let ordinal = 0; ordinal < chunks; ordinal += 1) {
      for (const { part, bytes, digest } of chunksAt(frame, ordinal)) {
        await client.query(
          `insert into tidegate.dataset_chunk
           select $1, $2, $3 + repeat * $4, $5, $6 from generate_series(0, $7 - 1) as repeat`,
          [id, part, ordinal, chunks, digest, bytes, times],
        );
      }
    }
    const columns = frame.features.map((column) =>
      column.kind === 'numeric'
        ? { name: column.name, kind: column.kind }
        : { name: column.name, kind: column.kind, dictionary: column.dictionary },
    );
    const order = [...Object.values(PARTS), ...columns.map((_, position) => featurePart(position))];
    const { rows: stored } = await client.query<{ part: string; ordinal: number; digest: string }>(
      'select part, ordinal, digest from tidegate.dataset_chunk where dataset_id = $1',
      [id],
    );
    stored.sort((a, b) => a.ordinal - b.ordinal || order.indexOf(a.part) - order.indexOf(b.part));
    names.push(...stored.map(({ part, ordinal, digest }) => `${part}/${ordinal}/${digest}`));
    const rows = frame.rows * times;
    const held = frame.holdout.reduce((sum, one) => sum + one, 0) * times;
    await client.query(
      `insert into tidegate.dataset (id, request, model, definition_version, window_from, window_to, as_known_at,
         row_count, labelled_rows, training_rows, holdout_rows, columns, digest)
       values ($1, $2, $3, $4, $5, $6, $6, $7, $7, $8, $9, $10, $11)`,
      [
        id,
        owner.request,
        owner.model,
        owner.definitionVersion,
        WINDOW.from,
        WINDOW.to,
        rows,
        rows - held,
        held,
        JSON.stringify(columns),
        digestOf({ columns, rows, chunks: names }),
      ],
    );
    await client.query('commit');
    return id;
  } finally {
    client.release();
  }
}

function chunksAt(frame: Frame, ordinal: number): Chunk[] {
  const from = ordinal * CHUNK_ROWS;
  const end = Math.min(frame.rows, from + CHUNK_ROWS);
  const keys = Array.from({ length: end - from }, (_, row) => JSON.stringify([`u${from + row}`]));
  return [
    textChunkOf(PARTS.keys, ordinal, keys),
    chunkOf(PARTS.clusters, ordinal, frame.clusters.slice(from, end)),
    chunkOf(PARTS.times, ordinal, frame.times.slice(from, end)),
    chunkOf(PARTS.holdout, ordinal, frame.holdout.slice(from, end)),
    chunkOf(PARTS.labels, ordinal, frame.labels.slice(from, end)),
    ...frame.features.map((column, position) =>
      chunkOf(
        featurePart(position),
        ordinal,
        column.kind === 'numeric' ? column.values.slice(from, end) : column.codes.slice(from, end),
      ),
    ),
  ];
}
