// Writes the answer of the Open Inference protocol: JSON, followed by binary tensors if the client asked for them.
import { type ServingModel } from '../serving/serving-model.ts';
import { type InferenceRequest, OUTPUTS, type OutputName } from './inference-request.ts';
import { type TablePredictions } from './predict-table.ts';
import { tensorBytes } from './tensors.ts';

/** An answer: all of it is JSON, unless `headerLength` says how many bytes are. */
export interface InferenceAnswer {
  readonly body: Buffer;
  readonly headerLength: number | undefined;
}

/** Writes the requested outputs for the scores of a request. */
export function inferenceAnswer(
  { model, version, threshold }: Pick<ServingModel, 'model' | 'version' | 'threshold'>,
  { id, outputs, shape }: InferenceRequest,
  { scores, ids }: TablePredictions,
): InferenceAnswer {
  const values = (name: OutputName): ArrayLike<number> | readonly string[] => {
    if (name === 'prediction_id') return ids;
    return name === 'probability' ? scores : Array.from(scores, (score) => (score >= threshold ? 1 : 0));
  };
  const tensors: Uint8Array[] = [];
  const written = outputs.map(({ name, isBinary }) => {
    const datatype = OUTPUTS[name];
    if (!isBinary) return { name, shape, datatype, data: Array.from<number | string>(values(name)) };
    const bytes = tensorBytes(datatype, values(name));
    tensors.push(bytes);
    return { name, shape, datatype, parameters: { binary_data_size: bytes.length } };
  });
  const json = Buffer.from(
    JSON.stringify({
      model_name: model,
      model_version: String(version),
      ...(id !== undefined && { id }),
      parameters: { threshold },
      outputs: written,
    }),
  );
  if (tensors.length === 0) return { body: json, headerLength: undefined };
  return { body: Buffer.concat([json, ...tensors]), headerLength: json.length };
}
