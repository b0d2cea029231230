// Sign-ins and tokens of a Keycloak, the issuer that most installations have. `npm run test:keycloak` needs one that runs
// (`kc.sh start-dev`, with admin and admin as the bootstrap admin) at TIDEGATE_KEYCLOAK_URL; otherwise the tests are skipped.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Identities } from '../../api/identity/identities.ts';
import { OidcTokens } from '../../api/identity/oidc-tokens.ts';
import { type RunningServer, startServer } from '../../api/server.ts';
import { freePort } from '../../cli/local/processes/free-port.ts';
import { describeRoles } from '../../domain/identity/caller.ts';
import { grantRole } from '../../store/identity/people.ts';
import { FakeGate, silent } from '../api/fixture.ts';
import { Browser } from '../helpers/browser.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

const keycloak = process.env['TIDEGATE_KEYCLOAK_URL']?.replace(/\/$/, '');
if (keycloak === undefined) {
  if (process.env['TIDEGATE_REQUIRE_KEYCLOAK'] !== undefined)
    throw new Error('set TIDEGATE_KEYCLOAK_URL to a running Keycloak, such as http://127.0.0.1:8080');
}

const SECRET = 'a secret of the tests';
const realm = `tidegate-${randomUUID()}`;
const issuer = `${keycloak}/realms/${realm}`;

const form = (url: string, values: Record<string, string>) =>
  fetch(url, { method: 'POST', body: new URLSearchParams(values) }).then(
    (answer) => answer.json() as Promise<{ access_token: string }>,
  );

async function admin(method: 'POST' | 'DELETE', path: string, body?: object): Promise<void> {
  const { access_token: token } = await form(`${keycloak}/realms/master/protocol/openid-connect/token`, {
    grant_type: 'password',
    client_id: 'admin-cli',
    username: 'admin',
    password: 'admin',
  });
  const answer = await fetch(`${keycloak}/admin/realms${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

const machineToken = async (client: string): Promise<string> =>
  (
    await form(`${issuer}/protocol/openid-connect/token`, {
      grant_type: 'client_credentials',
      client_id: client,
      client_secret: SECRET,
    })
  ).access_token;

const mapper = (name: string, protocolMapper: string, config: Record<string, string>) => ({
  name,
  protocol: 'openid-connect',
  protocolMapper,
  config: { 'access.token.claim': 'true', 'id.token.claim': 'true', ...config },
});
const audience = mapper('audience', 'oidc-audience-mapper', { 'included.custom.audience': 'tidegate' });
const groups = mapper('groups', 'oidc-group-membership-mapper', {
  'claim.name': 'groups',
  'full.path': 'false',
});
const machine = (clientId: string, protocolMappers: object[]) => ({
  clientId,
  secret: SECRET,
  serviceAccountsEnabled: true,
  publicClient: false,
  protocolMappers,
});

describe.skipIf(keycloak === undefined)('Keycloak', () => {
  let database: MigratedDatabase;
  let identities: Identities;
  let server: RunningServer;

  beforeAll(async () => {
    await admin('POST', '', {
      realm,
      enabled: true,
      sslRequired: 'none',
      groups: [{ name: 'risk' }],
      clients: [
        {
          clientId: 'people',
          publicClient: true,
          redirectUris: ['http://127.0.0.1:*'],
          attributes: { 'pkce.code.challenge.method': 'S256' },
          protocolMappers: [audience, groups],
        },
        machine('nightly', [audience]),
        machine('elsewhere', []),
      ],
      users: [
        {
          username: 'ada',
          enabled: true,
          email: 'ada@example.org',
          emailVerified: true,
          firstName: 'Ada',
          lastName: 'Lovelace',
          groups: ['/risk'],
          credentials: [{ type: 'password', value: 'a password', temporary: false }],
        },
      ],
    });
    database = await migratedDatabase();
    await grantRole(database.kysely, { group: 'risk' }, { role: 'approver', model: null }, null);
    const oidc = { issuer, audience: 'tidegate', groupsClaim: 'groups', clientId: 'people' };
    identities = new Identities({
      database,
      logger: silent,
      tokens: new OidcTokens(oidc, { cooldownMs: 0 }),
    });
    // The address to which Keycloak sends people back must be known before the server listens.
    const port = await freePort();
    server = await startServer(
      {
        database,
        gate: new FakeGate(),
        logger: silent,
        auth: 'on',
        oidc: { ...oidc, clientSecret: undefined },
      },
      { port },
    );
  }, 120_000);
  afterAll(async () => {
    await server.close();
    await identities.stop();
    await database.drop();
    await admin('DELETE', `/${realm}`);
  });

  it('signs a person in by a browser, with the roles of their groups', async () => {
    const browser = new Browser(server.url);
    const login = await browser.open('/ui/start?to=/ui');
    expect(login.url.host).toBe(new URL(issuer).host);
    const page = await browser.submit(login, { username: 'ada', password: 'a password' });
    expect([page.url.pathname, page.status]).toEqual(['/ui', 200]);
    expect(page.text).toContain('ada');
    const { rows } = await database.pool.query(
      'select name, issuer, (select groups from tidegate.session) from tidegate.principal',
    );
    expect(rows).toEqual([{ name: 'ada', issuer, groups: ['risk'] }]);
  });

  it('gives machines tokens that count, also after its keys were rotated, and not those for others', async () => {
    const caller = await identities.callerOf(await machineToken('nightly'), 'viewer');
    expect(caller).toMatchObject({ via: 'oidc', name: 'service-account-nightly' });
    expect(describeRoles(caller, null)).toBe('no role');
    await expect(identities.callerOf(await machineToken('elsewhere'), 'viewer')).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    const kidOf = (token: string) =>
      (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;
    const before = kidOf(await machineToken('nightly'));
    await admin('POST', `/${realm}/components`, {
      name: 'newer',
      providerId: 'rsa-generated',
      providerType: 'org.keycloak.keys.KeyProvider',
      config: { priority: ['1000'], algorithm: ['RS256'] },
    });
    const after = await machineToken('nightly');
    expect(kidOf(after)).not.toBe(before);
    expect((await identities.callerOf(after, 'viewer')).personId).toBe(caller.personId);
  });
});
