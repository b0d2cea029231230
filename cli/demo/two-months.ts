// The story itself: two months of one model.
import { applyChurn } from './apply-churn.ts';
import { approveBySignal } from './approve-by-signal.ts';
import { askPrediction } from './ask-prediction.ts';
import { type Ending } from './ending.ts';
import { monitorMonth, trainCandidate } from './monitor-month.ts';
import { importMonth, monthEnds } from './months.ts';
import { type Scene } from './scene.ts';
import { type Story } from './story.ts';

/** Tells how month two makes version 1 wrong and version 2 takes its place. @throws where a step does not go so */
export async function twoMonths(story: Story, scene: Scene): Promise<Ending> {
  await story.step('Month one arrives: 7,000 subscribers', () => importMonth(scene, 0));
  await story.step('ada applies models/churn.ts', () => applyChurn(scene));
  const first = await story.step('Month one is monitored: version 1 is trained', async () =>
    trainCandidate(scene, (await monitorMonth(scene, monthEnds[0])).retrainId),
  );
  const before = await story.step('grace approves version 1 by a signal', async () => {
    await approveBySignal(scene, first);
    return askPrediction(scene);
  });
  await story.step('Month two arrives, and the world has changed', () => importMonth(scene, 1));
  const monitored = await story.step('Month two is monitored: drift, and the AUC has fallen', () =>
    monitorMonth(scene, monthEnds[1]),
  );
  const second = await story.step('Version 2 is trained, compared and validated', () =>
    trainCandidate(scene, monitored.retrainId),
  );
  const after = await story.step('grace approves version 2; it serves without a restart', async () => {
    await approveBySignal(scene, second);
    return askPrediction(scene);
  });
  return { before, after, reportId: monitored.report.id };
}
