// The workflows that a worker registers.
export { materializeWorkflow } from './materialize.ts';
export { monitorWorkflow } from './monitor.ts';
export { noticeWorkflow } from './notice.ts';
export { releaseWorkflow } from './release.ts';
export { retrainWorkflow } from './retrain.ts';
export { rollbackWorkflow } from './rollback.ts';
export { treesWorkflow } from './trees.ts';
export { watchWorkflow } from './watch.ts';
