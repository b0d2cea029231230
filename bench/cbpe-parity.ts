// Compares estimated performance with NannyML's CBPE on the same rows, number by number.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EstimatedMetric, estimatePerformance } from '../domain/performance/estimate-performance.ts';
import { cbpeCases } from './cbpe-cases.ts';
import { pythonWith } from './python.ts';

const METRICS = ['auc', 'accuracy', 'f1'] as const;
const NUMBERS = ['value', 'low', 'high', 'least', 'greatest'] as const;

type PeerCase = { readonly calibrated: boolean } & Readonly<
  Record<(typeof METRICS)[number], Readonly<Record<(typeof NUMBERS)[number], number>>>
>;

const PEER = `
import json, os, sys, warnings
warnings.filterwarnings('ignore')
os.environ['NML_DISABLE_USAGE_LOGGING'] = '1'
import pandas as pd
import nannyml as nml
names = {'auc': 'roc_auc', 'accuracy': 'accuracy', 'f1': 'f1'}
answers = []
for case in json.load(open(sys.argv[1])):
    reference = pd.DataFrame(dict(p=case['scores'], y=case['labels']))
    window = pd.DataFrame(dict(p=case['window']))
    for frame in (reference, window):
        frame['pred'] = (frame.p >= 0.5).astype(int)
    def cbpe(**chunks):
        estimator = nml.CBPE(y_pred_proba='p', y_pred='pred', y_true='y', problem_type='classification_binary',
            metrics=list(names.values()), **chunks)
        estimator.fit(reference)
        return estimator, estimator.estimate(window).filter(period='analysis').to_df()
    _, whole = cbpe(chunk_size=len(window))
    estimator, parts = cbpe(chunk_number=10)
    answers.append(dict(calibrated=bool(estimator.needs_calibration), **{ours: dict(
        value=float(whole[name]['value'].iloc[0]),
        low=float(whole[name]['lower_confidence_boundary'].iloc[0]),
        high=float(whole[name]['upper_confidence_boundary'].iloc[0]),
        least=float(parts[name]['lower_threshold'].iloc[0]),
        greatest=float(parts[name]['upper_threshold'].iloc[0]),
    ) for ours, name in names.items()}))
print(json.dumps(answers))
`;

const cases = cbpeCases();
const python = await pythonWith('nannyml==0.13.1', 'statsmodels==0.15.0');
const folder = await mkdtemp(join(tmpdir(), 'tidegate-bench-cbpe-'));
try {
  const file = join(folder, 'cases.json');
  const plain = cases.map(({ reference: { scores, labels }, window }) => ({
    scores: [...scores],
    labels: [...labels],
    window: [...window],
  }));
  await writeFile(file, JSON.stringify(plain));
  const peers = python ? ((await python(PEER, file)) as PeerCase[]) : undefined;
  for (const [at, { name, reference, window }] of cases.entries()) {
    const began = performance.now();
    const ours = estimatePerformance(reference, window, 7);
    console.log(`\n${name} (${(performance.now() - began).toFixed(0)} ms)`);
    if (!ours.measured) throw new Error(ours.reason);
    const peer = peers?.[at];
    if (peer)
      console.log(`  calibrated: ours ${ours.calibration}, NannyML ${peer.calibrated ? 'isotonic' : 'none'}`);
    for (const metric of METRICS) {
      const estimated = ours[metric] as EstimatedMetric;
      const apart = peer && Math.max(...NUMBERS.map((of) => Math.abs(estimated[of] - peer[metric][of])));
      const comparison = apart === undefined ? '' : `, NannyML differs by at most ${apart.toExponential(1)}`;
      console.log(
        `  ${metric.padEnd(8)} ${NUMBERS.map((of) => `${of} ${estimated[of].toFixed(6)}`).join('  ')}${comparison}`,
      );
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
