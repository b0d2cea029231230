// tidegate version verify: checks that training again from the frozen dataset gives the same version.
import { type Command } from 'commander';
import { repeatTraining } from '../../../activities/repeat-training.ts';
import { thisPlatform } from '../../../activities/training-input.ts';
import { TidegateError } from '../../../domain/errors.ts';
import {
  formatPlatform,
  type Repetition,
  describeRepetition,
  repetitionOf,
} from '../../../domain/learning/repetition.ts';
import { type Database } from '../../../store/postgres/database.ts';
import { type Dataset, getDataset } from '../../../store/registry/dataset.ts';
import { getDefinition } from '../../../store/definitions/definitions.ts';
import { getVersion, readArtifact, readTrainedOn } from '../../../store/registry/versions.ts';
import { type CommandContext, jsonOption, parseNumber } from '../../shared/arguments.ts';
import { withDatabase } from '../../shared/connections.ts';
import { interruptible } from '../../shared/interruptible.ts';
import { type Output } from '../../output/output.ts';

/** Adds `tidegate version verify <model> <version>`. */
export function addVersionVerify(command: Command, { config, output }: CommandContext): void {
  command
    .command('verify')
    .description('train a version again from its frozen dataset and compare the artifacts')
    .argument('<model>', 'name of the model')
    .argument('<version>', 'the version', parseNumber)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExits with 1 if training again gives a different version, or if its dataset has expired. The bytes must be the same' +
        '\non the platform and Node major version that trained it; elsewhere the coefficients must agree to 1e-9.\n\n' +
        'Example:\n  tidegate version verify churn 2',
    )
    .action((model: string, version: number, { json }: { readonly json?: boolean }) =>
      withDatabase(config(), async (database) => {
        const verified = await interruptible((signal) => verify(database, model, version, output, signal));
        if (!verified) return void (process.exitCode = 130);
        const { dataset, repetition } = verified;
        if (!repetition.holds) process.exitCode = 1;
        if (json) {
          return output.json({
            model,
            version,
            datasetId: dataset.id,
            datasetDigest: dataset.digest,
            ...repetition,
            words: describeRepetition(repetition),
          });
        }
        print(output, `version ${version} of ${model}`, dataset, repetition);
      }),
    );
}

async function verify(
  database: Database,
  model: string,
  version: number,
  output: Output,
  signal: AbortSignal,
): Promise<{ dataset: Dataset; repetition: Repetition }> {
  await getDefinition(database, model);
  const registered = await getVersion(database, model, version);
  const stored = await readArtifact(database, model, version);
  if (stored.format === 'onnx') {
    throw new TidegateError(
      'INVALID_REQUEST',
      `version ${version} of ${model} is an ONNX model, which this process cannot train`,
    );
  }
  const again = await repeatTraining(database, registered, {
    signal,
    onProgress: (fraction) => output.progress(`trained ${Math.round(100 * fraction)} %`),
  });
  const platforms = {
    trainedOn: await readTrainedOn(database, model, version),
    repeatedOn: thisPlatform(),
  };
  return {
    dataset: await getDataset(database, registered.datasetId),
    repetition: repetitionOf(stored, again, platforms),
  };
}

function print(output: Output, what: string, dataset: Dataset, repetition: Repetition): void {
  const { digest, repeatedDigest, trainedOn, repeatedOn } = repetition;
  const before = trainedOn ? formatPlatform(trainedOn) : 'an unrecorded platform';
  output.line(`${what}: trained on ${before}, artifact ${digest}`);
  output.line(
    `trained again on ${formatPlatform(repeatedOn)} from dataset ${dataset.id}, ${dataset.trainingRows} training rows: ` +
      `artifact ${repeatedDigest}`,
  );
  output.line(describeRepetition(repetition));
}
