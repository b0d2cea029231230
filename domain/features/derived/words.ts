// Where model files of 0.1.0 import operators from; new ones import domain/model/index.ts.
export * from '../../model/index.ts';
