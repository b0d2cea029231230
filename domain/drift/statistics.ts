// Every drift statistic, by name.
import { chiSquareEvidently } from './chi-square-evidently.ts';
import { chiSquare } from './chi-square.ts';
import { constant } from './constant.ts';
import { jensenShannon } from './jensen-shannon.ts';
import { ks } from './ks.ts';
import { domainClassifierTest } from './multivariate/domain-classifier.ts';
import { missingShare } from './missing-share.ts';
import { newCategory } from './new-category.ts';
import { psiEvidently } from './psi-evidently.ts';
import { psi } from './psi.ts';
import { z } from './two-proportion-z.ts';
import { wassersteinEvidently } from './wasserstein-evidently.ts';
import { wasserstein } from './wasserstein.ts';

/** All statistics; a new one is added here by hand. @example statistics.map(({ name }) => name) */
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

/** The name of a statistic, as reports carry it. */
export type StatisticName = (typeof statistics)[number]['name'];
