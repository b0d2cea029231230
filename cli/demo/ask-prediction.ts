// One subscriber's prediction, asked of the API.
import { TidegateError } from '../../domain/errors.ts';
import { day, three } from '../output/format.ts';
import { predict } from '../predict.ts';
import { MODEL, type Scene } from './scene.ts';

/** The subscriber whose prediction is followed through the story. */
export const SUBSCRIBER = 'sf-0000042';

/** A prediction and the version it came from. */
export interface Asked {
  readonly version: number;
  readonly score: number;
  /** Instant of the features. */
  readonly asOf: string;
}

/** Asks for the subscriber's prediction and tells it. */
export async function askPrediction({ servers, note }: Scene): Promise<Asked> {
  const answer = await predict(servers.apiUrl, MODEL, { key: { user_id: SUBSCRIBER } });
  const [prediction] = answer.predictions;
  if (!prediction) throw new TidegateError('INTERNAL', 'the API answered without a prediction');
  const asOf = prediction.as_of ? day(new Date(prediction.as_of)) : 'unknown';
  note(`user ${SUBSCRIBER}: ${three(prediction.score)} by version ${answer.version}, features as of ${asOf}`);
  return { version: answer.version, score: prediction.score, asOf };
}
