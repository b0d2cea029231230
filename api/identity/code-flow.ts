// The sign-in of a browser with the issuer: authorization code with PKCE.
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretPost,
  type Configuration,
  discovery,
  enableNonRepudiationChecks,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type OidcSettings, type OidcTokens, type TokenClaims } from './oidc-tokens.ts';

/** What people need to sign in with the issuer, beyond what is needed to verify its tokens. */
export interface SignInSettings extends OidcSettings {
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
}

/** What a browser keeps between the start of a sign-in and the return from the issuer. */
export interface StartedSignIn {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Path to show afterwards. */
  readonly to: string;
}

/** How long the issuer may take to answer, in seconds. */
const PATIENCE_S = 5;

/** Signs browsers in with one issuer. */
export class CodeFlow {
  readonly #settings: SignInSettings & { readonly clientId: string };
  readonly #tokens: OidcTokens;
  readonly #redirectUri: string;
  #configuration: Configuration | undefined;

  /** @param redirectUri the address to which the issuer sends the browser back */
  constructor(
    settings: SignInSettings & { readonly clientId: string },
    tokens: OidcTokens,
    redirectUri: string,
  ) {
    this.#settings = settings;
    this.#tokens = tokens;
    this.#redirectUri = redirectUri;
  }

  /** Begins a sign-in. @returns the address of the issuer's page, and what the browser must keep */
  async start(to: string): Promise<{ readonly url: URL; readonly started: StartedSignIn }> {
    const started = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier(), to };
    const url = buildAuthorizationUrl(await this.#discovered(), {
      redirect_uri: this.#redirectUri,
      scope: 'openid profile',
      code_challenge: await calculatePKCECodeChallenge(started.verifier),
      code_challenge_method: 'S256',
      state: started.state,
      nonce: started.nonce,
    });
    return { url, started };
  }

  /**
   * Ends a sign-in: exchanges the code in the address for what the issuer says about the person.
   *
   * @param search the query of the address to which the issuer sent the browser
   * @throws TidegateError UNAUTHENTICATED, ISSUER_UNREACHABLE
   */
  async finish(search: string, started: StartedSignIn): Promise<TokenClaims> {
    const configuration = await this.#discovered();
    try {
      const answer = await authorizationCodeGrant(configuration, new URL(search, this.#redirectUri), {
        pkceCodeVerifier: started.verifier,
        expectedState: started.state,
        expectedNonce: started.nonce,
        idTokenExpected: true,
      });
      return this.#tokens.claimsOf(answer.claims() ?? {}, started.state);
    } catch (error) {
      throw new TidegateError(
        'UNAUTHENTICATED',
        `the sign-in with ${this.#settings.issuer} failed: ${excerpt((error as Error).message, 200)}`,
        { remedy: 'Sign in once more.', cause: error },
      );
    }
  }

  async #discovered(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.#settings;
    try {
      this.#configuration ??= await discovery(
        new URL(issuer),
        clientId,
        undefined,
        clientSecret === undefined ? None() : ClientSecretPost(clientSecret),
        {
          timeout: PATIENCE_S,
          execute: [
            // Also checks the signature of the ID token, and not only that it came over TLS.
            enableNonRepudiationChecks,
            // The settings allow http only for an issuer on this machine.
            ...(issuer.startsWith('http:') ? [allowInsecureRequests] : []),
          ],
        },
      );
      return this.#configuration;
    } catch (cause) {
      throw new TidegateError('ISSUER_UNREACHABLE', `the issuer ${issuer} did not answer`, { cause });
    }
  }
}
