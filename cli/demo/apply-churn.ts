// The model of the story is the worked example, applied as a user would.
import { fileURLToPath } from 'node:url';
import { applyModel, readModelFile } from '../apply-model.ts';
import { minute } from '../output/format.ts';
import { people, type Scene } from './scene.ts';

const MODEL_FILE = fileURLToPath(new URL('../../models/churn.ts', import.meta.url));

/** Applies models/churn.ts and tells when it will be monitored. */
export async function applyChurn({ services, note }: Scene): Promise<void> {
  const definition = await readModelFile(MODEL_FILE);
  const { version, schedule } = await applyModel(services, definition, people.applies);
  const [next] = schedule.nextRuns;
  note(
    `definition ${version}; schedule ${schedule.id} runs next at ${next ? `${minute(next)} UTC` : 'no time'}`,
  );
}
