// tidegate version import: registers a model that was trained elsewhere, and has it compared like any candidate.
import { refuseFuture } from '../../../domain/model/future-instant.ts';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Command } from 'commander';
import { requestRetrain } from '../../../activities/request-retrain.ts';
import { TidegateError } from '../../../domain/errors.ts';
import { onnxSchema, type OnnxSchema } from '../../../domain/learning/artifact/onnx-schema.ts';
import { importVersion } from '../../../scoring/import-version.ts';
import { lookForOnnxRuntimeIn } from '../../../scoring/onnx-runtime.ts';
import { IMPORT } from '../../../store/registry/retrains.ts';
import { MAX_ONNX_BYTES } from '../../../store/registry/onnx-models.ts';
import { workflowIds } from '../../../workflows/protocol/messages.ts';
import {
  asOfOption,
  recordedByOption,
  type CommandContext,
  futureOption,
  jsonOption,
} from '../../shared/arguments.ts';
import { withServices } from '../../shared/connections.ts';
import { day } from '../../output/format.ts';
import { EXIT_FAILED } from '../../output/explain-error.ts';
import { followToApproval } from '../../../operations/follow-to-approval.ts';
import { followedJson, printFollowed } from '../../runs/followed.ts';
import { asPending } from '../../runs/pending.ts';
import { treesFolder } from '../../local/install-python.ts';

interface Options {
  readonly onnx: string;
  readonly schema: string;
  readonly name?: string;
  readonly note: string;
  readonly asOf?: Date;
  readonly future?: true;
  readonly by: string;
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
    .addOption(recordedByOption('who imports the version; the same person may not approve it'))
    .option('--no-wait', 'register it, request the comparison and return')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  tidegate version import churn --onnx model.onnx --schema schema.json',
    )
    .action((model: string, options: Options) =>
      withServices(config(), async (services) => {
        refuseFuture({ '--as-of': options.asOf }, options.future);
        const { onnx, note, name = basename(onnx), asOf = null, by: requestedBy, wait, json } = options;
        const say = (text: string): void => output.progress(text);
        const schema = await readSchema(options.schema);
        const bytes = await readModel(onnx);
        lookForOnnxRuntimeIn(treesFolder(config().dataDir));
        const retrainId = `${model}/import-${new Date().toISOString()}`;
        const { version, dataset } = await importVersion(services.database, {
          model,
          retrainId,
          workflowId: workflowIds.retrain(model),
          bytes,
          schema,
          origin: { name, note },
          asOf,
          requestedBy,
        });
        say(
          `registered version ${version.version} of ${model} as unproven; its reference window is (${day(dataset.window.from)}, ${day(dataset.window.to)}]`,
        );
        await requestRetrain(services, {
          retrainId,
          model,
          reportId: null,
          asOf: asOf?.toISOString() ?? null,
          trigger: IMPORT,
          requestedBy,
        });
        if (!wait) {
          return json
            ? output.json({ model, retrainId, version: version.version })
            : output.line(`requested the comparison of version ${version.version}: ${retrainId}`);
        }
        const { evidence, ...rest } = await followToApproval(services, model, retrainId, say);
        const followed = { ...rest, pending: evidence && asPending(evidence) };
        if (followed.isJudgementFailed) process.exitCode = EXIT_FAILED;
        return json ? output.json({ model, ...followedJson(followed) }) : printFollowed(output, followed);
      }),
    );
}

async function readModel(file: string): Promise<Uint8Array> {
  const { size } = await found(file, stat(file));
  if (size > MAX_ONNX_BYTES)
    throw new TidegateError(
      'INVALID_ONNX',
      `${file} has ${size} bytes; at most ${MAX_ONNX_BYTES} are stored`,
    );
  return readFile(file);
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
