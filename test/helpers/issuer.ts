// An OpenID Connect issuer on a free port: oidc-provider, which Tidegate did not write.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import Provider from 'oidc-provider';

/** Client of machines, and client of people; the second is public, as a command line is. */
const MACHINE = { id: 'nightly-job', secret: 'a secret of the tests' };
export const PEOPLE_CLIENT = 'tidegate-people';

/** The audience of access tokens. */
export const AUDIENCE = 'https://tidegate.example.com';

interface SigningKey {
  readonly kid: string;
  readonly key: CryptoKey;
  readonly jwk: JWK;
}

async function signingKey(kid: string): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { kid, key: privateKey, jwk: { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' } };
}

/** A running issuer. */
export class Issuer {
  readonly url: string;
  readonly redirectUris: string[] = [];
  /** Groups that its tokens name, for everybody. */
  groups: readonly string[] = [];
  #key: SigningKey;
  #handler: (request: IncomingMessage, response: ServerResponse) => unknown;
  readonly #stop: () => Promise<void>;

  private constructor(url: string, key: SigningKey, stop: () => Promise<void>) {
    this.url = url;
    this.#key = key;
    this.#stop = stop;
    this.#handler = this.#provider();
  }

  static async start(): Promise<Issuer> {
    let issuer: Issuer | undefined = undefined;
    const server = createServer((request, response) => void issuer?.answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const stop = (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    const started = new Issuer(`http://127.0.0.1:${port}`, await signingKey('first'), stop);
    issuer = started;
    return started;
  }

  /** Allows sign-ins that return to this address. */
  allow(redirectUri: string): void {
    this.redirectUris.push(redirectUri);
    this.#handler = this.#provider();
  }

  /** Replaces the signing key; the old one is published no longer. */
  async rotate(kid: string): Promise<void> {
    this.#key = await signingKey(kid);
    this.#handler = this.#provider();
  }

  /** Answers every request with 503 from now on, or answers normally again. */
  setAway(away: boolean): void {
    this.#handler = away ? (_request, response) => response.writeHead(503).end() : this.#provider();
  }

  answer(request: IncomingMessage, response: ServerResponse): unknown {
    return this.#handler(request, response);
  }

  /** A token for a machine, from the token endpoint. */
  async machineToken(): Promise<string> {
    const answer = await fetch(`${this.url}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: MACHINE.id,
        client_secret: MACHINE.secret,
        resource: AUDIENCE,
        scope: 'api',
      }),
    });
    const { access_token: token, ...rest } = (await answer.json()) as { access_token?: string };
    if (token === undefined) throw new Error(JSON.stringify(rest));
    return token;
  }

  /** A token that the issuer would sign, with claims and header of the test's choice. */
  sign(
    claims: Readonly<Record<string, unknown>> = {},
    { key = this.#key.key, kid = this.#key.kid } = {},
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const all = { iss: this.url, aud: AUDIENCE, sub: 'u-1', iat: now, exp: now + 600, ...claims };
    return new SignJWT(JSON.parse(JSON.stringify(all)) as Record<string, unknown>)
      .setProtectedHeader({ alg: 'RS256', kid, typ: 'at+jwt' })
      .sign(key);
  }

  /** The public key, as the issuer publishes it. */
  get publicJwk(): JWK {
    const { kty, n, e, kid, alg } = this.#key.jwk;
    return { kty, n, e, kid, alg } as JWK;
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  #provider(): (request: IncomingMessage, response: ServerResponse) => unknown {
    const claims = (sub: string) => ({ sub, preferred_username: sub, groups: this.groups });
    return new Provider(this.url, {
      clients: [
        {
          client_id: MACHINE.id,
          client_secret: MACHINE.secret,
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
          token_endpoint_auth_method: 'client_secret_post',
        },
        {
          client_id: PEOPLE_CLIENT,
          token_endpoint_auth_method: 'none',
          application_type: 'native',
          grant_types: [
            'authorization_code',
            'refresh_token',
            'urn:ietf:params:oauth:grant-type:device_code',
          ],
          response_types: ['code'],
          redirect_uris: [...this.redirectUris, 'http://127.0.0.1/unused'],
        },
      ],
      jwks: { keys: [this.#key.jwk] },
      cookies: { keys: ['the cookies of the tests'] },
      claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
      conformIdTokenClaims: false,
      scopes: ['openid', 'profile', 'offline_access', 'api'],
      findAccount: (_: unknown, sub: string) => ({ accountId: sub, claims: () => claims(sub) }),
      extraTokenClaims: (_: unknown, token: { accountId?: string; clientId?: string }) =>
        claims(token.accountId ?? token.clientId ?? ''),
      features: {
        devInteractions: { enabled: true },
        clientCredentials: { enabled: true },
        deviceFlow: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => AUDIENCE,
          useGrantedResource: () => true,
          getResourceServerInfo: () => ({
            scope: 'api openid profile',
            audience: AUDIENCE,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
    }).callback();
  }
}
