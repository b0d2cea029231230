// Stores and reads the bytes of ONNX models.
import { digestOfBytes } from '../../domain/canonical-json.ts';
import { type OnnxArtifact } from '../../domain/learning/artifact/onnx-artifact.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../postgres/database.ts';

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
  { digest }: OnnxArtifact['onnx'],
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
