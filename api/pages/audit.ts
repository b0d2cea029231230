// The page of the audit log. A chain of a model is for its viewers, the one of the installation for admins.
import { z } from 'zod';
import { auditPage } from '../../console/pages/audit-page.ts';
import { type Caller, may } from '../../domain/identity/caller.ts';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { readStatement } from '../../store/audit/checkpoint.ts';
import { newestCheckpoint } from '../../store/audit/export-chain.ts';
import { kindsOf, listEvents } from '../../store/audit/list-events.ts';
import { listModels } from '../../store/definitions/definitions.ts';
import { type Database } from '../../store/postgres/database.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { storableText, wholeNumber } from '../schemas/common.ts';
import { sendPage } from './reply.ts';

/** Events on one page. */
const PAGE = 50;

const shown = z.object({
  chain: storableText(200).optional(),
  kind: storableText(100).optional(),
  actor: storableText(200).optional(),
  before: wholeNumber(Number.MAX_SAFE_INTEGER).optional(),
});

/** An empty field of a form means that the reader left it out. */
const given = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

/** `GET /ui/audit`. */
export function auditPages(app: App, deps: ApiDeps): void {
  const { database } = deps;
  app.get('/ui/audit', { schema: { hide: true, querystring: shown } }, async (request, reply) => {
    const { query } = request;
    const chains = await chainsFor(database, request.caller);
    const chain = query.chain ?? chains[0];
    if (chain === undefined || !chains.includes(chain)) throw notFor(chain);
    const [kind, actor] = [given(query.kind), given(query.actor?.trim())];
    const [found, kinds, checkpoint] = await Promise.all([
      listEvents(database, { chain, kind, actor, before: query.before, limit: PAGE + 1 }),
      kindsOf(database, chain),
      checkpointOf(database, chain),
    ]);
    const events = found.slice(0, PAGE);
    const before = found.length > PAGE ? (events.at(-1)?.position ?? null) : null;
    return sendPage(deps, request, reply, () =>
      auditPage({ chain, chains, kind, actor, kinds, events, before, checkpoint }),
    );
  });
}

/** The chains that a caller may read, the one of the installation first. */
async function chainsFor(database: Database, caller: Caller): Promise<string[]> {
  const models = (await listModels(database)).filter((model) => may(caller, 'viewer', model));
  return may(caller, 'admin', null) ? ['', ...models] : models;
}

const notFor = (chain: string | undefined): TidegateError =>
  chain === ''
    ? new TidegateError('FORBIDDEN', 'the log of the installation is for admins of all models')
    : new TidegateError(
        'UNKNOWN_MODEL',
        chain === undefined
          ? 'there is no model of which you may read the log'
          : `there is no model "${excerpt(chain)}"`,
      );

async function checkpointOf(database: Database, chain: string) {
  const newest = await newestCheckpoint(database);
  const said = newest && readStatement(newest);
  return said
    ? { sequence: said.sequence, at: new Date(said.at), covers: said.heads[chain]?.[0] ?? null }
    : null;
}
