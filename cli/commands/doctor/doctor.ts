// tidegate doctor: finds what is wrong with servers, schema and tables, and says how to fix it.
import { type Command } from 'commander';
import { type Database, openDatabase } from '../../../store/postgres/database.ts';
import { getDefinition, listModels } from '../../../store/definitions/definitions.ts';
import { type CommandContext, jsonOption } from '../../shared/arguments.ts';
import { type Config } from '../../shared/config.ts';
import { withClient } from '../../shared/connections.ts';
import { examineDatabase, examineInstallation, examineTemporal, examineWorkers } from './examine-servers.ts';
import { examineModel, examinePolicy, type Finding } from './examine-model.ts';
import { examineRoles } from './examine-roles.ts';
import { findEndpoints } from '../../shared/endpoints.ts';
import { type Output } from '../../output/output.ts';
import { EXIT_FAILED } from '../../output/explain-error.ts';

/** Adds `tidegate doctor`. */
export function addDoctor(program: Command, { config, output }: CommandContext): void {
  program
    .command('doctor')
    .description(
      'check servers, schema and search attributes, and the tables, indexes, lags and time zones of each model',
    )
    .addOption(jsonOption())
    .addHelpText('after', '\nExits with 1 if something is wrong.\n\nExample:\n  tidegate doctor --json')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const findings = await examine(config());
      const healthy = findings.every(({ kind }) => kind !== 'problem');
      if (json) output.json({ healthy, findings });
      else print(output, findings, healthy);
      if (!healthy) process.exitCode = EXIT_FAILED;
    });
}

async function examine(config: Config): Promise<Finding[]> {
  const { databaseUrl, temporal } = await findEndpoints(config);
  const { taskQueue } = config;
  const database = openDatabase(databaseUrl, { max: 4, applicationName: 'tidegate-cli' });
  try {
    const ofDatabase = await examineDatabase(database);
    const ofTemporal = await examineTemporal(temporal);
    const isUsable = ofDatabase.every(({ kind }) => kind === 'ok');
    if (!isUsable) return [...ofDatabase, ...ofTemporal];
    const answers = ofTemporal[0]?.kind === 'ok';
    return [
      ...ofDatabase,
      ...ofTemporal,
      ...(answers
        ? await withClient(temporal, (client) => examineInstallation(client, database, taskQueue))
        : []),
      ...(await examineRoles(database, config.databaseRoles)),
      ...(await examineWorkers(database)),
      ...(await examineModels(database)),
    ];
  } finally {
    await database.close();
  }
}

async function examineModels(database: Database): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const model of await listModels(database)) {
    const { definition } = await getDefinition(database, model);
    findings.push(
      ...(await examineModel(database, definition)),
      ...(await examinePolicy(database, definition)),
    );
  }
  return findings;
}

function print(output: Output, findings: readonly Finding[], healthy: boolean): void {
  for (const { about, kind, words, remedy } of findings) {
    output.line(`${kind === 'ok' ? 'ok     ' : kind} ${about}: ${words}`);
    if (remedy !== undefined) output.line(`        ${remedy}`);
  }
  output.line(healthy ? 'no problems found' : 'problems found: see above');
}
