// tidegate version import: registers a model that was trained elsewhere, and has it compared like any candidate.
import { openAsBlob } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Command } from 'commander';
import { TidegateError } from '../../../domain/errors.ts';
import { onnxSchema, type OnnxSchema } from '../../../domain/learning/artifact/onnx-schema.ts';
import { MAX_ONNX_BYTES } from '../../../store/registry/onnx-models.ts';
import {
  asOfOption,
  byOption,
  claimedBy,
  type CommandContext,
  futureOption,
  jsonOption,
} from '../../shared/arguments.ts';
import { askApi, upload } from '../../shared/ask-api.ts';
import { findApi } from '../../shared/endpoints.ts';
import { EXIT_FAILED } from '../../output/explain-error.ts';
import { followedJson, followRetrain, printFollowed } from '../../runs/followed.ts';

interface Options {
  readonly onnx: string;
  readonly schema: string;
  readonly name?: string;
  readonly note: string;
  readonly asOf?: Date;
  readonly future?: true;
  readonly by?: string;
  readonly wait: boolean;
  readonly json?: boolean;
}

/** Adds `tidegate version import <model>`. */
export function addVersionImport(command: Command, { config, output }: CommandContext): void {
  command
    .command('import')
    .description(
      'register an ONNX model that was trained elsewhere, compare it with the champion, and follow it until it waits for approval',
    )
    .argument('<model>', 'name of the model')
    .requiredOption('--onnx <file>', 'the model file')
    .requiredOption(
      '--schema <file>',
      'JSON file that maps features to inputs of the model; see docs/trainers.md',
    )
    .option('--name <text>', 'name of the model at its origin (default: the name of the file)')
    .option('--note <text>', 'a note that is kept with the version', '')
    .addOption(
      asOfOption(
        'end of the reference window and of the comparison window (default: the newest labelled row time)',
      ),
    )
    .addOption(futureOption())
    .addOption(byOption('who imports the version; this person may not approve it'))
    .option('--no-wait', 'upload it, request the comparison and return')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  tidegate version import churn --onnx model.onnx --schema schema.json',
    )
    .action(async (model: string, options: Options) => {
      const { onnx, note, name = basename(onnx), asOf, future, by, wait, json } = options;
      const say = (text: string): void => output.progress(text);
      const schema = await readSchema(options.schema);
      const file = await openModel(onnx);
      const api = await findApi(config());
      const { digest, bytes } = await upload<{ digest: string; bytes: number }>(
        api,
        ['models', model, 'onnx'],
        file,
      );
      say(`uploaded ${onnx}: ${bytes} bytes`);
      const { retrainId } = await askApi<{ readonly retrainId: string }>(
        api,
        'POST',
        ['models', model, 'versions'],
        {
          onnx: digest,
          schema,
          name,
          note,
          ...(asOf && { asOf }),
          ...(future && { future }),
          ...claimedBy(by),
        },
      );
      if (!wait) {
        return json
          ? output.json({ model, retrainId })
          : output.line(`requested the comparison of ${name}: ${retrainId}`);
      }
      const followed = await followRetrain(config(), api, { model, retrainId }, { say });
      if (followed.isJudgementFailed) process.exitCode = EXIT_FAILED;
      return json ? output.json({ model, ...followedJson(followed) }) : printFollowed(output, followed);
    });
}

/** Opens the model file without reading it; its bytes are read while they are sent. */
async function openModel(file: string): Promise<Blob> {
  const { size } = await found(file, stat(file));
  if (size > MAX_ONNX_BYTES)
    throw new TidegateError(
      'INVALID_ONNX',
      `${file} has ${size} bytes; at most ${MAX_ONNX_BYTES} are stored`,
    );
  return found(file, openAsBlob(file));
}

async function readSchema(file: string): Promise<OnnxSchema> {
  const text = await found(file, readFile(file, 'utf8'));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TidegateError('INVALID_ONNX', `${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const { data, error } = onnxSchema.safeParse(json);
  if (data) return data;
  const places = error.issues.map(({ path, message }) => ({
    at: path.join('.') || '(all)',
    problem: message,
  }));
  throw new TidegateError('INVALID_ONNX', `${file}: ${places[0]!.at}: ${places[0]!.problem}`, { places });
}

async function found<T>(file: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    throw new TidegateError('INVALID_ONNX', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
