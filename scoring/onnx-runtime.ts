// The runtime that scores models in ONNX: an optional package, looked for when the first such version is scored.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { TidegateError } from '../domain/errors.ts';

/** The package, and the version that this Tidegate is tested with. */
export const ONNX_RUNTIME = { name: 'onnxruntime-node', version: '1.30.0' } as const;

/** A tensor as the runtime makes and takes it. */
export interface Tensor {
  readonly type: string;
  readonly data: ArrayLike<unknown>;
  readonly dims: readonly number[];
}

/** What the runtime tells of an input or output. */
export interface ValueMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  /** Sizes; a name or −1 where any will do. */
  readonly shape?: readonly (number | string)[];
}

/** A loaded model. */
export interface Session {
  readonly inputMetadata: readonly ValueMetadata[];
  readonly outputMetadata: readonly ValueMetadata[];
  run(feeds: Readonly<Record<string, Tensor>>, fetches: readonly string[]): Promise<Record<string, Tensor>>;
}

/** As much of the package as is used here. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<Session>;
  };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => Tensor;
}

let folder: string | null = null;

/** Names the folder that `tidegate trees install` fills; said once, by the process that starts. */
export function lookForOnnxRuntimeIn(where: string | null): void {
  folder = where;
}

/** The folder that was named, to be told to a thread. */
export const onnxRuntimeFolder = (): string | null => folder;

/**
 * Loads the runtime: this project's own, or that of the folder named.
 *
 * @throws TidegateError ONNX_RUNTIME_MISSING saying what to run
 * @example const { InferenceSession } = openOnnxRuntime();
 */
export function openOnnxRuntime(): OnnxRuntime {
  const places = [import.meta.url, ...(folder === null ? [] : [join(folder, 'package.json')])];
  const problems: string[] = [];
  for (const place of places) {
    try {
      return createRequire(place)(ONNX_RUNTIME.name) as OnnxRuntime;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const absent = code === 'MODULE_NOT_FOUND' || !existsSync(place.replace('file://', ''));
      if (!absent) problems.push(message.split('\n')[0]!);
    }
  }
  const found = problems.length > 0 ? `could not be loaded: ${problems.join('; ')}` : 'is not installed';
  throw new TidegateError(
    'ONNX_RUNTIME_MISSING',
    `${ONNX_RUNTIME.name}, which scores this version, ${found}`,
  );
}
