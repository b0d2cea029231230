// Where model files of 0.1.0 import the model from; new ones import domain/model/index.ts.
export { defineModel, view } from '../model/define-model.ts';
