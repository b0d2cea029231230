// Re-exports defineModel and view for model files written for 0.1.0; new files import domain/model/index.ts.
export { defineModel, view } from '../model/define-model.ts';
