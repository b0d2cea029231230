// Tokens of an issuer: what makes one valid, which roles it has, and what happens while the issuer is away.
import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Identities } from '../../api/identity/identities.ts';
import { OidcTokens } from '../../api/identity/oidc-tokens.ts';
import { authorOf } from '../../api/context/granted.ts';
import { describeRoles } from '../../domain/identity/caller.ts';
import { getGrant } from '../../store/registry/grants.ts';
import { grantRole } from '../../store/identity/people.ts';
import { eventually } from '../helpers/eventually.ts';
import { AUDIENCE, Issuer } from '../helpers/issuer.ts';
import { migratedDatabase, type MigratedDatabase } from '../helpers/migrated-database.ts';
import { silent } from './fixture.ts';

let database: MigratedDatabase;
let issuer: Issuer;
let identities: Identities;
let now: () => Date = () => new Date();

const tokens = () =>
  new OidcTokens(
    { issuer: issuer.url, audience: AUDIENCE, groupsClaim: 'groups' },
    { clock: () => now(), cooldownMs: 0 },
  );

beforeAll(async () => {
  database = await migratedDatabase();
  issuer = await Issuer.start();
  identities = new Identities({ database, logger: silent, tokens: tokens() });
  identities.start();
});

afterAll(async () => {
  await identities.stop();
  await issuer.stop();
  await database.drop();
});

const ask = (token: string) => identities.callerOf(token, 'viewer');

const refusal = (token: string): Promise<string> =>
  ask(token).then(
    ({ name }) => `accepted as ${name}`,
    (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
  );

describe('a token', () => {
  it('of the token endpoint names its person, who has the roles that their groups have', async () => {
    issuer.groups = ['risk'];
    const token = await issuer.machineToken();
    const caller = await ask(token);
    expect(caller).toMatchObject({ name: 'nightly-job', via: 'oidc', kind: 'person', ownerId: null });
    expect(describeRoles(caller, 'churn')).toBe('no role');
    await grantRole(database.kysely, { group: 'risk' }, { role: 'approver', model: 'churn' }, null);
    await eventually(async () =>
      expect(describeRoles(await ask(token), 'churn')).toBe('the roles viewer, approver'),
    );
    expect(describeRoles(await ask(token), 'upsell')).toBe('no role');
    const again = await ask(await issuer.machineToken());
    expect(again.personId).toBe(caller.personId);
  });

  it('passes its groups to the grants of its person, which promotion.approvers.groups asks for', async () => {
    issuer.groups = ['risk', 'audit'];
    const caller = await ask(await issuer.machineToken());
    const scope = { action: 'approve', model: 'churn', version: 1, evidenceDigest: null } as const;
    const author = await authorOf(database, { caller }, scope, { reason: '' });
    expect(await getGrant(database.kysely, author.grantId!)).toMatchObject({
      person: 'nightly-job',
      via: 'oidc',
      groups: ['audit', 'risk'],
    });
  });

  it('of somebody whose name another has gets a name of its own', async () => {
    const first = await ask(await issuer.sign({ sub: 'u-2', preferred_username: 'Grace' }));
    const second = await ask(await issuer.sign({ sub: 'u-3', preferred_username: 'grace' }));
    const third = await ask(await issuer.sign({ sub: 'u-4', preferred_username: 'unverified' }));
    expect(first.name).toBe('Grace');
    expect(second.name).toBe(`grace (u-3 of ${new URL(issuer.url).host})`);
    expect(third.name).toContain('u-4');
    expect(new Set([first, second, third].map(({ personId }) => personId)).size).toBe(3);
  });

  it('of a disabled person is refused', async () => {
    const token = await issuer.sign({ sub: 'u-5', preferred_username: 'leaver' });
    await ask(token);
    await database.pool.query(`update tidegate.principal set disabled_at = now() where name = 'leaver'`);
    await eventually(async () => expect(await refusal(token)).toContain('the account leaver is disabled'));
  });

  const seconds = () => Math.floor(Date.now() / 1_000);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const unsigned = (alg: string) =>
    `${encode({ alg, kid: 'first' })}.${encode({ iss: issuer.url, aud: AUDIENCE, sub: 'u-1', exp: seconds() + 600 })}.`;

  it.each<[string, () => Promise<string> | string, string]>([
    ['with alg none', () => unsigned('none'), 'signed with none'],
    ['with alg NONE', () => unsigned('NONE'), 'signed with NONE'],
    [
      'signed with the public key as a shared secret',
      async () =>
        new SignJWT({ sub: 'u-1' })
          .setProtectedHeader({ alg: 'HS256', kid: 'first' })
          .setIssuer(issuer.url)
          .setAudience(AUDIENCE)
          .setExpirationTime('1h')
          .sign(Buffer.from(JSON.stringify(issuer.publicJwk))),
      'signed with HS256',
    ],
    [
      'signed by another key under the same id',
      async () => issuer.sign({}, { key: (await generateKeyPair('RS256')).privateKey, kid: 'first' }),
      'its signature is not valid',
    ],
    [
      'signed by an unknown key',
      async () => issuer.sign({}, { key: (await generateKeyPair('RS256')).privateKey, kid: 'other' }),
      'does not publish',
    ],
    [
      'with a changed payload',
      async () => swapped(await issuer.sign(), await issuer.sign({ sub: 'admin' })),
      'its signature is not valid',
    ],
    [
      'for another audience',
      () => issuer.sign({ aud: 'https://shop.example.com' }),
      'is for https://shop.example.com and not for',
    ],
    ['for no audience', () => issuer.sign({ aud: undefined }), 'no audience'],
    [
      'of another issuer',
      () => issuer.sign({ iss: 'https://evil.example.com' }),
      'issued by https://evil.example.com',
    ],
    ['that has expired', () => issuer.sign({ exp: seconds() - 120 }), 'it expired at'],
    ['that never expires', () => issuer.sign({ exp: undefined }), 'claim exp'],
    ['that is not valid yet', () => issuer.sign({ nbf: seconds() + 300 }), 'compare the clocks'],
    ['issued in the future', () => issuer.sign({ iat: seconds() + 300 }), 'compare the clocks'],
    ['without a subject', () => issuer.sign({ sub: undefined }), 'claim sub'],
    ['with a subject that cannot be stored', () => issuer.sign({ sub: 'a\0b' }), 'claim sub'],
    ['that is no token', () => 'hello', 'neither an API key nor'],
    ['that is huge', () => issuer.sign({ filler: 'x'.repeat(20_000) }), 'longer than'],
  ])('%s is refused, and the message says why', async (_, forge, words) => {
    const message = await refusal(await forge());
    expect(message).toMatch(/^UNAUTHENTICATED: the token is refused/);
    expect(message).toContain(words);
  });

  it('is accepted while clocks differ by less than a minute', async () => {
    expect(await refusal(await issuer.sign({ exp: seconds() - 30 }))).toMatch(/^accepted/);
    expect(await refusal(await issuer.sign({ nbf: seconds() + 30, iat: seconds() + 30 }))).toMatch(
      /^accepted/,
    );
  });

  it('stops counting when it expires, although it was verified before', async () => {
    const token = await issuer.sign({ sub: 'u-6' });
    expect(await refusal(token)).toMatch(/^accepted/);
    now = () => new Date(Date.now() + 3_600_000);
    expect(await refusal(token)).toContain('it expired at');
    now = () => new Date();
  });
});

/** The header and signature of one token around the payload of another. */
function swapped(token: string, other: string): string {
  const [header, , signature] = token.split('.');
  return [header, other.split('.')[1], signature].join('.');
}

describe('the keys of the issuer', () => {
  it('may be rotated: a token with the new key counts at once, one with the old key soon no longer', async () => {
    const old = await issuer.sign({ sub: 'u-7' });
    expect(await refusal(old)).toMatch(/^accepted/);
    await issuer.rotate('second');
    expect(await refusal(await issuer.sign({ sub: 'u-7' }))).toMatch(/^accepted/);
    now = () => new Date(Date.now() + 6 * 60_000);
    expect(await refusal(old)).toContain('does not publish');
    now = () => new Date();
  });

  it('outlast an issuer that is away for less than an hour', async () => {
    const fresh = tokens();
    await fresh.verify(await issuer.sign());
    issuer.setAway(true);
    const token = await issuer.sign({ exp: Math.floor(Date.now() / 1_000) + 86_400 });
    expect((await fresh.verify(token)).subject).toBe('u-1');
    now = () => new Date(Date.now() + 30 * 60_000);
    expect((await fresh.verify(token)).subject).toBe('u-1');
    now = () => new Date(Date.now() + 2 * 3_600_000);
    await expect(fresh.verify(token)).rejects.toMatchObject({ code: 'ISSUER_UNREACHABLE', status: 503 });
    now = () => new Date();
    await expect(tokens().verify(token)).rejects.toMatchObject({ code: 'ISSUER_UNREACHABLE' });
    issuer.setAway(false);
    expect((await fresh.verify(token)).subject).toBe('u-1');
  });

  it('of an issuer that calls itself something else are not used', async () => {
    const settings = {
      issuer: issuer.url.replace('127.0.0.1', 'localhost'),
      audience: AUDIENCE,
      groupsClaim: 'groups',
    };
    await expect(new OidcTokens(settings).verify(await issuer.sign())).rejects.toMatchObject({
      code: 'ISSUER_UNREACHABLE',
      message: expect.stringContaining('calls itself') as string,
    });
  });
});
