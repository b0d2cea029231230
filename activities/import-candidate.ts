// Imports the model file that a person uploaded for a retrain, as its candidate.
import { TidegateError } from '../domain/errors.ts';
import { dayOf } from '../domain/model/window.ts';
import { importVersion } from '../scoring/import-version.ts';
import { findVersionImport, readOnnxModel } from '../store/registry/onnx-models.ts';
import { getRetrain } from '../store/registry/retrains.ts';
import { workflowIds } from '../workflows/protocol/messages.ts';
import { type ActivityDeps, type Described } from './deps.ts';

/** The step that imports an uploaded model. */
export const importActivities = ({ database }: ActivityDeps) => ({
  /**
   * Registers the model that was uploaded for a retrain, in stage None, with references that are measured on the model's
   * training window.
   *
   * @throws INVALID_ONNX, ONNX_RUNTIME_MISSING, TOO_FEW_LABELS, ONE_CLASS; INVALID_REQUEST if nothing was uploaded for it
   */
  async importCandidate({ retrainId }: { retrainId: string }): Promise<Described> {
    const { model, asOf, requestedBy } = await getRetrain(database, retrainId);
    const upload = await findVersionImport(database, retrainId);
    if (upload?.model !== model)
      throw new TidegateError('INVALID_REQUEST', `no model file was uploaded for retrain ${retrainId}`, {
        remedy: 'Import the version with `tidegate version import`, which uploads the file first.',
      });
    const { mapping, name, note, onnxDigest: digest } = upload;
    const { version, dataset } = await importVersion(database, {
      model,
      retrainId,
      workflowId: workflowIds.retrain(model),
      bytes: await readOnnxModel(database, { digest }),
      schema: mapping,
      origin: { name, note },
      asOf,
      requestedBy,
    });
    const { from, to } = dataset.window;
    return {
      words: `registered version ${version.version} as unproven; its reference window is (${dayOf(from)}, ${dayOf(to)}]`,
    };
  },
});
