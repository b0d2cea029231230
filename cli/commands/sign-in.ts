// tidegate sign-in: signs a person in at the command line, or prints a link for a browser.
import { type Command } from 'commander';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type SignInLink, askApi } from '../shared/ask-api.ts';
import { type CommandContext, jsonOption } from '../shared/arguments.ts';
import { type Config } from '../shared/config.ts';
import { findApi, findApiUrl } from '../shared/endpoints.ts';
import { discover, forAudience, forgetSignIn, keepSignIn, oidcClient } from '../shared/signed-in.ts';

interface Options {
  readonly link?: boolean;
  readonly forget?: boolean;
  readonly json?: boolean;
}

/** Adds `tidegate sign-in`. */
export function addSignIn(program: Command, { config, output }: CommandContext): void {
  program
    .command('sign-in')
    .description(
      'sign in with the issuer in TIDEGATE_OIDC_ISSUER for the commands that follow; without one, print a link for a browser',
    )
    .option(
      '--link',
      'print a link that signs the owner of the key in on a browser, once and within ten minutes',
    )
    .option('--forget', 'remove the sign-in from this machine')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  tidegate sign-in\n  tidegate sign-in --link')
    .action(async ({ link, forget, json }: Options) => {
      const settings = config();
      const url = await findApiUrl(settings);
      if (forget) {
        await forgetSignIn(settings, url);
        return json ? output.json({ signedIn: false }) : output.line(`no longer signed in at ${url}`);
      }
      if (link || settings.oidc?.clientId === undefined) {
        const answer = await askApi<SignInLink>(await findApi(settings), 'POST', ['sign-in-links']);
        return json ? output.json(answer) : output.line(answer.url);
      }
      await signIn(settings, url, (text) => output.progress(text));
      return json ? output.json({ signedIn: true, url }) : output.line(`signed in at ${url}`);
    });
}

/** Signs in by the device flow: the person confirms a code on the issuer's page, in any browser. */
async function signIn(config: Config, url: string, say: (text: string) => void): Promise<void> {
  const client = oidcClient(config);
  const issuer = await discover(client);
  const { initiateDeviceAuthorization, pollDeviceAuthorizationGrant } = await import('openid-client');
  const audience = forAudience(client);
  try {
    const device = await initiateDeviceAuthorization(issuer, {
      scope: 'openid profile offline_access',
      // Without this, some issuers give no token with which to stay signed in.
      prompt: 'consent',
      ...audience,
    });
    say(`Open ${device.verification_uri_complete ?? device.verification_uri}`);
    say(`and confirm the code ${device.user_code}`);
    const tokens = await pollDeviceAuthorizationGrant(issuer, device, audience);
    await keepSignIn(config, url, tokens);
  } catch (cause) {
    throw new TidegateError(
      'UNAUTHENTICATED',
      `the sign-in with ${client.issuer} failed: ${excerpt((cause as Error).message, 200)}`,
      { remedy: 'Sign in once more: `tidegate sign-in`.', cause },
    );
  }
}
