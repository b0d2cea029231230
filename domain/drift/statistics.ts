// The list of all drift statistics.
import { chiSquareEvidently } from './statistics/chi-square-evidently.ts';
import { chiSquare } from './statistics/chi-square.ts';
import { constant, missingShare, newCategory } from './statistics/share-change.ts';
import { jensenShannon } from './statistics/jensen-shannon.ts';
import { ks } from './statistics/ks.ts';
import { domainClassifierTest } from './multivariate/domain-classifier.ts';
import { psiEvidently } from './statistics/psi-evidently.ts';
import { psi } from './statistics/psi.ts';
import { z } from './statistics/two-proportion-z.ts';
import { wassersteinEvidently } from './statistics/wasserstein-evidently.ts';
import { wasserstein } from './statistics/wasserstein.ts';

/** All statistics; add a new one here. @example statistics.map(({ name }) => name) */
export const statistics = [
  ks,
  wasserstein,
  chiSquare,
  jensenShannon,
  z,
  missingShare,
  newCategory,
  constant,
  psi,
  psiEvidently,
  wassersteinEvidently,
  chiSquareEvidently,
  domainClassifierTest,
] as const;
