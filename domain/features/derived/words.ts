// Re-exports the operators for model files written for 0.1.0; new files import domain/model/index.ts.
export * from '../../model/index.ts';
