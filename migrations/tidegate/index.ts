// Tidegate's own migrations, in order.
import * as definitions from './0001-definitions.ts';
import * as datasets from './0002-datasets.ts';
import * as versions from './0003-versions.ts';
import * as lifecycle from './0004-lifecycle.ts';
import * as decisions from './0005-decisions.ts';
import * as serving from './0006-serving.ts';
import * as datasetLabels from './0007-dataset-labels.ts';
import * as datasetRetention from './0008-dataset-retention.ts';
import * as onlineWatermarks from './0009-online-watermarks.ts';
import * as profileParts from './0011-profile-parts.ts';
import * as scoreReference from './0012-score-reference.ts';
import * as onnxModels from './0013-onnx-models.ts';
import * as treeFits from './0014-tree-fits.ts';
import * as comparisonEvidence from './0015-comparison-evidence.ts';
import * as tuning from './0016-tuning.ts';
import * as trainingRecord from './0017-training-record.ts';
import * as referenceStorage from './0018-reference-storage.ts';
import * as decisionsKept from './0019-decisions-kept.ts';
import * as installation from './0020-installation.ts';
import * as onlineRunProgress from './0021-online-run-progress.ts';
import * as onlineRowVacuum from './0023-online-row-vacuum.ts';
import * as stageFollowsMoves from './0027-stage-follows-moves.ts';
import * as installationHome from './0028-installation-home.ts';
import * as grants from './0030-grants.ts';
import * as promotionPolicy from './0031-promotion-policy.ts';
import * as identity from './0035-identity.ts';
import * as audit from './0040-audit.ts';
import * as checkpoints from './0041-checkpoints.ts';
import * as notifications from './0043-notifications.ts';
import * as servingChanges from './0045-serving-changes.ts';
import * as watch from './0046-watch.ts';
import * as registryFacts from './0047-registry-facts.ts';
import * as auditRegistry from './0048-audit-registry.ts';
import * as auditPolicy from './0049-audit-policy.ts';
import * as runRequesters from './0050-run-requesters.ts';
import * as versionImports from './0051-version-imports.ts';
import * as policyFloor from './0054-policy-floor.ts';
import * as auditFacts from './0055-audit-facts.ts';
import * as separateWriters from './0056-separate-writers.ts';
import * as noticeRequests from './0060-notice-requests.ts';
import * as predictionIds from './0067-prediction-ids.ts';
import * as reportFigures from './0080-report-figures.ts';
import * as liftedStops from './0090-lifted-stops.ts';

/** The history of Tidegate's own schema. */
export const tidegateMigrations = {
  schema: 'tidegate',
  table: 'migration',
  migrations: {
    '0001-definitions': definitions,
    '0002-datasets': datasets,
    '0003-versions': versions,
    '0004-lifecycle': lifecycle,
    '0005-decisions': decisions,
    '0006-serving': serving,
    '0007-dataset-labels': datasetLabels,
    '0008-dataset-retention': datasetRetention,
    '0009-online-watermarks': onlineWatermarks,
    '0011-profile-parts': profileParts,
    '0012-score-reference': scoreReference,
    '0013-onnx-models': onnxModels,
    '0014-tree-fits': treeFits,
    '0015-comparison-evidence': comparisonEvidence,
    '0016-tuning': tuning,
    '0017-training-record': trainingRecord,
    '0018-reference-storage': referenceStorage,
    '0019-decisions-kept': decisionsKept,
    '0020-installation': installation,
    '0021-online-run-progress': onlineRunProgress,
    '0023-online-row-vacuum': onlineRowVacuum,
    '0027-stage-follows-moves': stageFollowsMoves,
    '0028-installation-home': installationHome,
    '0030-grants': grants,
    '0031-promotion-policy': promotionPolicy,
    '0035-identity': identity,
    '0040-audit': audit,
    '0041-checkpoints': checkpoints,
    '0043-notifications': notifications,
    '0045-serving-changes': servingChanges,
    '0046-watch': watch,
    '0047-registry-facts': registryFacts,
    '0048-audit-registry': auditRegistry,
    '0049-audit-policy': auditPolicy,
    '0050-run-requesters': runRequesters,
    '0051-version-imports': versionImports,
    '0054-policy-floor': policyFloor,
    '0055-audit-facts': auditFacts,
    '0056-separate-writers': separateWriters,
    '0060-notice-requests': noticeRequests,
    '0067-prediction-ids': predictionIds,
    '0080-report-figures': reportFigures,
    '0090-lifted-stops': liftedStops,
  },
};
