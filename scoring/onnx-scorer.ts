// Scores with a version in ONNX.
import { type FeatureRecord, type Frame } from '../domain/data/frame.ts';
import { calibrated } from '../domain/learning/artifact/calibration-map.ts';
import { type OnnxArtifact, type OnnxInput } from '../domain/learning/artifact/onnx-artifact.ts';
import { cellsOfRecords, cellsOfRows, type OnnxCells } from '../domain/learning/artifact/onnx-columns.ts';
import { type Scorer } from '../domain/learning/artifact/scorer.ts';
import { sigmoid } from '../domain/data/math/special-functions.ts';
import { TidegateError } from '../domain/errors.ts';
import { openOnnxRuntime, type OnnxRuntime, type Session, type Tensor } from './onnx-runtime.ts';

// Rows per call of the runtime; between blocks the event loop can serve other requests.
const BLOCK = 4_096;

/**
 * Largest difference between the score of a record on its own and its score within a matrix. They may differ because
 * sums may be in another order and float32 has only seven digits.
 */
const TOLERANCE = 1e-6;

/**
 * Opens a model with one thread, so that the same rows give the same bits and several scorers do not compete for cores.
 *
 * @throws TidegateError ONNX_RUNTIME_MISSING; INVALID_ONNX if the bytes are not a model that the runtime can run
 */
export async function openSession(runtime: OnnxRuntime, bytes: Uint8Array): Promise<Session> {
  try {
    return await runtime.InferenceSession.create(bytes, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
    });
  } catch (cause) {
    throw new TidegateError('INVALID_ONNX', whyNotOpened(cause), { cause });
  }
}

function whyNotOpened(cause: unknown): string {
  const message = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!;
  if (/opset/i.test(message)) return `the model uses an opset that the runtime does not know: ${message}`;
  if (/protobuf|parse|load model/i.test(message)) return `the file is not an ONNX model: ${message}`;
  return `the model cannot be run: ${message}`;
}

/**
 * Opens a scorer of an ONNX model. It cannot explain how much each feature contributes to a score.
 *
 * @throws TidegateError ONNX_RUNTIME_MISSING, INVALID_ONNX
 * @example const scorer = await openOnnxScorer(artifact, bytes);
 */
export async function openOnnxScorer(artifact: OnnxArtifact, bytes: Uint8Array): Promise<Scorer> {
  const runtime = openOnnxRuntime();
  const session = await openSession(runtime, bytes);
  const { inputs, calibration } = artifact;

  const run = async (count: number, cellsOf: (input: OnnxInput) => OnnxCells): Promise<Float64Array> => {
    const feeds = Object.fromEntries(
      inputs.map((input) => [
        input.name,
        new runtime.Tensor(input.type, cellsOf(input), [count, input.columns.length]),
      ]),
    );
    const { name } = artifact.output;
    const answer = (await session.run(feeds, [name]))[name]!;
    return probabilities(answer, artifact, count).map((score) => calibrated(calibration?.map, score));
  };

  const scoreRows = async (frame: Frame, rows: Uint32Array): Promise<Float64Array> => {
    const scores = new Float64Array(rows.length);
    for (let from = 0; from < rows.length; from += BLOCK) {
      const block = rows.subarray(from, from + BLOCK);
      scores.set(await run(block.length, (input) => cellsOfRows(input, frame, block)), from);
    }
    return scores;
  };
  const scoreRecords = async (records: readonly FeatureRecord[]): Promise<readonly number[]> => {
    const scores: number[] = [];
    for (let from = 0; from < records.length; from += BLOCK) {
      const block = records.slice(from, from + BLOCK);
      scores.push(...(await run(block.length, (input) => cellsOfRecords(input, block))));
    }
    return scores;
  };
  const features = [...new Set(inputs.flatMap(({ columns }) => columns.map(({ name }) => name)))];
  return { features, scoreRows, scoreRecords, tolerance: TOLERANCE, explain: null, compile: null };
}

/**
 * Reads the column of the positive class as probabilities.
 *
 * @throws TidegateError INVALID_ONNX if there is no such column
 */
function probabilities({ data, dims }: Tensor, { output }: OnnxArtifact, count: number): Float64Array {
  const width = data.length / count;
  if (!Number.isInteger(width) || dims[0] !== count || output.column >= width) {
    throw new TidegateError(
      'INVALID_ONNX',
      `for ${count} records the output ${output.name} has the shape [${dims.join(', ')}], without a column ${output.column}`,
    );
  }
  const scores = new Float64Array(count);
  for (let row = 0; row < count; row += 1) {
    const value = Number(data[row * width + output.column]);
    scores[row] = output.holds === 'log-odds' ? sigmoid(value) : value;
  }
  return scores;
}
