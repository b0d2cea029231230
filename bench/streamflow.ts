// Compares champion and candidate of StreamFlow's two months on holdout rows, and each on its own month for contrast.
import { formatInterval } from '../domain/data/math/interval.ts';
import {
  compareStreamFlow,
  isStreamFlowThere,
  STREAMFLOW,
} from '../test/unit/learning/streamflow-comparison.ts';

if (!isStreamFlowThere()) {
  console.log(`skipped: the two months are not in ${STREAMFLOW}`);
  process.exit(0);
}

const { onHoldout, asBefore } = await compareStreamFlow();
const { comparison, measures, slices, mcnemar } = onHoldout;
const { champion, candidate, difference } = comparison;

console.log(`on the ${comparison.rows} holdout rows of the second month, on which neither was trained:`);
console.log(`  champion of the first month   AUC ${formatInterval(champion.auc)}`);
console.log(`  candidate of the second       AUC ${formatInterval(candidate.auc)}`);
console.log(
  `  difference                        ${formatInterval(difference)}, p ${difference.p.toPrecision(2)}`,
);
for (const name of ['prAuc', 'logLoss', 'brier', 'ece'] as const) {
  const [one, other, prior] = [measures.champion[name], measures.candidate[name], measures.baseline[name]];
  console.log(
    `  ${name.padEnd(9)} champion ${one.value.toFixed(3)}, candidate ${other.value.toFixed(3)}, class prior ` +
      `${prior.value.toFixed(3)}; difference ${formatInterval(measures.difference[name])}`,
  );
}
console.log(
  `  McNemar at 0.5: ${mcnemar.onlyFirst} rows right only by the champion, ${mcnemar.onlySecond} only by the candidate`,
);
console.log(
  `  ${slices.length} slices, ${slices.filter((slice) => slice.simultaneous).length} of them large enough to be tested`,
);
console.log(
  `  ${difference.low > 0 ? 'promoted' : 'refused'}: the interval of the difference ${difference.low > 0 ? 'is above' : 'reaches'} 0`,
);

const gap = asBefore.candidate.auc!.value - asBefore.champion.auc!.value;
console.log('\nif each is measured on its own month instead:');
console.log(`  champion on its training rows   AUC ${asBefore.champion.auc!.value.toFixed(3)}`);
console.log(`  candidate on its holdout        AUC ${asBefore.candidate.auc!.value.toFixed(3)}`);
console.log(
  `  ${gap > 0 ? 'promoted' : 'refused'}: the difference is ${gap.toFixed(3)}, but on the same rows it is ` +
    `${difference.value.toFixed(3)}: the champion was measured on rows that it had memorised, from before the change`,
);
