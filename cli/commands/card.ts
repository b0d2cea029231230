// tidegate card: the model card of a version.
import { type Command } from 'commander';
import { cardInMarkdown } from '../../domain/decisions/card/card-in-markdown.ts';
import { modelCard } from '../../domain/decisions/card/model-card.ts';
import { TidegateError } from '../../domain/errors.ts';
import { featuresOf } from '../../domain/model/define-model.ts';
import { type Database } from '../../store/postgres/database.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { cardFacts } from '../../store/card-facts.ts';
import { findVersionIn, listVersions } from '../../store/registry/versions.ts';
import { type CommandContext, jsonOption, parseNumber } from '../shared/arguments.ts';
import { withDatabase } from '../shared/connections.ts';

/** Adds `tidegate card <model> [version]`. */
export function addCard(program: Command, { config, output }: CommandContext): void {
  program
    .command('card')
    .description(
      'print the model card of a version as Markdown: data, performance, proof, decision, limits, approver',
    )
    .argument('<model>', 'name of the model')
    .argument('[version]', 'the version (default: the one in Production, or the newest)', parseNumber)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate card churn 2 > churn-2.md')
    .action((model: string, asked: number | undefined, { json }: { readonly json?: boolean }) =>
      withDatabase(config(), async (database) => {
        const facts = await cardFacts(database, model, asked ?? (await shownVersion(database, model)));
        const card = modelCard(
          facts,
          featuresOf(facts.definition).map(({ name }) => name),
        );
        if (json) return output.json(card);
        for (const line of cardInMarkdown(card).trimEnd().split('\n')) output.line(line);
      }),
    );
}

async function shownVersion(database: Database, model: string): Promise<number> {
  await getDefinition(database, model);
  const production = await findVersionIn(database, model, 'Production');
  const version = production ?? (await listVersions(database, model))[0];
  if (version) return version.version;
  throw new TidegateError('UNKNOWN_VERSION', `${model} has no version yet`, {
    remedy: `Train one: \`tidegate monitor ${model}\`.`,
  });
}
