// The loops that a worker registers.
export { monitorWorkflow } from './monitor.ts';
export { releaseWorkflow } from './release.ts';
export { retrainWorkflow } from './retrain.ts';
export { rollbackWorkflow } from './rollback.ts';
