// Stores and reads ONNX models: their bytes, and what people ask to be imported.
import { digestOfBytes } from '../../domain/canonical-json.ts';
import { type OnnxArtifact } from '../../domain/learning/artifact/onnx-artifact.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';
import { picked, type Row } from '../postgres/tables.ts';

/** Size of the largest model that is stored, in bytes. */
export const MAX_ONNX_BYTES = 64 * 1_024 * 1_024;

/** Builds the reference by which an artifact names a model. @example onnxModelOf(bytes).digest */
export const onnxModelOf = (bytes: Uint8Array): OnnxArtifact['onnx'] => ({
  digest: digestOfBytes(bytes),
  bytes: bytes.length,
});

/** Stores a model under its digest, unless it is stored already. @returns the reference for the artifact */
export async function writeOnnxModel(database: Database, bytes: Uint8Array): Promise<OnnxArtifact['onnx']> {
  const reference = onnxModelOf(bytes);
  await database.kysely
    .insertInto('tidegate.onnx_model')
    .values({ digest: reference.digest, bytes: Buffer.from(bytes) })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .execute();
  return reference;
}

/** Reads a model. @throws TidegateError ARTIFACT_CHANGED if it is missing or no longer matches its digest */
export async function readOnnxModel(
  database: Database,
  { digest }: Pick<OnnxArtifact['onnx'], 'digest'>,
): Promise<Uint8Array> {
  const row = await database.kysely
    .selectFrom('tidegate.onnx_model')
    .select('bytes')
    .where('digest', '=', digest)
    .executeTakeFirst();
  if (!row || digestOfBytes(row.bytes) !== digest) {
    const what = row ? 'differs from its digest' : 'is not stored';
    throw new TidegateError('ARTIFACT_CHANGED', `the ONNX model ${digest.slice(0, 12)} ${what}`);
  }
  return row.bytes;
}

const IMPORT_COLUMNS = ['retrainId', 'model', 'onnxDigest', 'mapping', 'name', 'note'] as const;

/** A model file that a person wants to have compared as a version. */
export type VersionImportRequest = Pick<Row<'tidegate.version_import'>, (typeof IMPORT_COLUMNS)[number]>;

/**
 * Stores what is to be imported for a retrain.
 *
 * @throws TidegateError INVALID_ONNX if no model with this digest is stored
 */
export async function requestVersionImport(database: Database, input: VersionImportRequest): Promise<void> {
  const { onnxDigest } = input;
  const stored = await database.kysely
    .selectFrom('tidegate.onnx_model')
    .select('digest')
    .where('digest', '=', onnxDigest)
    .executeTakeFirst();
  if (!stored) {
    throw new TidegateError(
      'INVALID_ONNX',
      `no model file with the digest ${onnxDigest.slice(0, 12)} is stored`,
      {
        remedy: 'Upload the file first: POST /models/{model}/onnx returns its digest.',
      },
    );
  }
  const { mapping, ...row } = picked(input, IMPORT_COLUMNS);
  await database.kysely
    .insertInto('tidegate.version_import')
    .values({ ...row, mapping: JSON.stringify(mapping) })
    .execute();
}

/** Returns what is to be imported for a retrain, if anything was uploaded for it. */
export const findVersionImport = (
  { kysely }: Database,
  retrainId: string,
): Promise<VersionImportRequest | undefined> =>
  kysely
    .selectFrom('tidegate.version_import')
    .select(IMPORT_COLUMNS)
    .where('retrainId', '=', retrainId)
    .executeTakeFirst();
