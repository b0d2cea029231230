// Search attributes: a server that lacks one is refused with the command that registers it.
import { type NativeConnection } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { checkSearchAttributes, searchAttributeKinds } from '../../../worker/search-attributes.ts';

const KEYWORD = 2;
const INT = 3;

const known = {
  TidegateModel: KEYWORD,
  TidegateStage: KEYWORD,
  TidegateOutcome: KEYWORD,
  TidegateVersion: INT,
};

const connectionTo = (customAttributes: Record<string, number>): NativeConnection =>
  ({
    operatorService: { listSearchAttributes: async () => ({ customAttributes }) },
  }) as unknown as NativeConnection;

describe('checkSearchAttributes', () => {
  it('requires the attributes that runs set', () => {
    expect(searchAttributeKinds).toEqual({
      TidegateModel: 'Keyword',
      TidegateStage: 'Keyword',
      TidegateOutcome: 'Keyword',
      TidegateVersion: 'Int',
    });
  });

  it('accepts a server that has them and additional ones', async () => {
    await expect(
      checkSearchAttributes(connectionTo({ ...known, Other: 1 }), 'default'),
    ).resolves.toBeUndefined();
  });

  it('refuses a server that lacks some, with the exact command', async () => {
    const { TidegateModel, TidegateOutcome } = known;
    await expect(
      checkSearchAttributes(connectionTo({ TidegateModel, TidegateOutcome }), 'prod'),
    ).rejects.toMatchObject({
      code: 'SEARCH_ATTRIBUTES_MISSING',
      remedy:
        'Register them: temporal operator search-attribute create --namespace prod ' +
        '--name TidegateStage --type Keyword --name TidegateVersion --type Int',
    });
  });

  it('refuses an attribute of another type', async () => {
    await expect(
      checkSearchAttributes(connectionTo({ ...known, TidegateVersion: KEYWORD }), 'default'),
    ).rejects.toThrow(/TidegateVersion .* has type Keyword and must have Int/);
  });
});
