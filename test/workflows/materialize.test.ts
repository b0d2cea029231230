// materialize/<model>: the rows of every definition in use, one after the other.
import { ApplicationFailure } from '@temporalio/common';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { fakeActivities } from './fake-activities.ts';
import { gate } from './gate.ts';
import { currentDetails, tagsOf } from './reading.ts';
import { eventually } from '../helpers/eventually.ts';
import { materializeStateQuery } from '../../workflows/protocol/messages.ts';
import { useLoops } from './with-loops.ts';
import { noticesOf } from './notices.ts';

const asOf = '2024-02-29T00:00:00.000Z';
const increment = { kind: 'increment' };

describe.concurrent('a materialization', () => {
  const withLoops = useLoops();

  it('brings every definition in use to the instant incrementally, and removes the rows of all others', () => {
    const fakes = fakeActivities({ removeUnusedOnlineRows: async () => ({ removed: [3] }) });
    return withLoops(fakes, async ({ materialize, model }) => {
      const run = await materialize({ asOf });
      const result = await run.result();
      expect(fakes.inputsOf('materializeDefinition')).toEqual(
        [1, 2].map((definitionVersion) => ({ model, definitionVersion, asOf, scope: increment })),
      );
      expect(result).toMatchObject({
        asOf,
        definitions: [{ written: 70 }, { written: 70 }],
        removedDefinitions: [3],
      });
      expect(await tagsOf(run)).toEqual({ model, outcome: 'materialised' });
      const details = await currentDetails(run);
      expect(details).toContain('- definition 2: 70 changed entities');
      expect(details).toContain('- removed the rows of unused definitions: 3');
    });
  });

  it('accepts one definition, all entities, a reset or a range', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ materialize }) => {
      await (await materialize({ asOf, full: true, definitionVersion: 7 })).result();
      await (await materialize({ asOf, reset: true })).result();
      const range = { from: '2024-02-01T00:00:00.000Z', to: asOf };
      await (await materialize({ range, definitionVersion: 7 })).result();
      expect(fakes.inputsOf('definitionsToMaterialize')).toMatchObject([{ reset: true }]);
      expect(fakes.inputsOf('materializeDefinition')).toMatchObject([
        { definitionVersion: 7, asOf, scope: { kind: 'full' } },
        { definitionVersion: 1, asOf, scope: { kind: 'full', reset: true } },
        { definitionVersion: 2, asOf, scope: { kind: 'full', reset: true } },
        { definitionVersion: 7, asOf, scope: { kind: 'range', ...range } },
      ]);
    });
  });

  it('uses the grant of the person who started it, before anything else', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ materialize, model }) => {
      const run = await materialize({ asOf, requestedBy: 'bob', grantId: 'g' });
      await run.result();
      expect(fakes.calls[0]).toEqual({ name: 'useMaterializeGrant', input: { model, grantId: 'g' } });
      expect(await currentDetails(run)).toContain('- started by ada');
    });
  });

  it('uses the instant at which its schedule intended it to start', () => {
    const fakes = fakeActivities();
    const scheduled = new Date('2024-03-01T06:00:00Z');
    const key = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);
    return withLoops(fakes, async ({ materialize }) => {
      await (await materialize({}, { typedSearchAttributes: [{ key, value: scheduled }] })).result();
      expect(fakes.inputsOf('materializeDefinition')[0]?.asOf).toBe(scheduled.toISOString());
    });
  });

  it('continues with the other definitions if one fails, then fails and sends a notification', () => {
    const { materializeDefinition } = fakeActivities().activities;
    const fakes = fakeActivities({
      materializeDefinition: async (input) => {
        if (input.definitionVersion === 2) return materializeDefinition(input);
        throw ApplicationFailure.nonRetryable('no feature has a value', 'NO_ONLINE_VALUES');
      },
    });
    return withLoops(fakes, async ({ materialize }) => {
      const run = await materialize({ asOf });
      await expect(run.result()).rejects.toThrow();
      expect(fakes.inputsOf('materializeDefinition')).toHaveLength(2);
      expect(fakes.inputsOf('removeUnusedOnlineRows')).toEqual([]);
      expect(await noticesOf(fakes, 1)).toMatchObject([
        { event: 'failed', message: 'no feature has a value' },
      ]);
      expect(await tagsOf(run)).toMatchObject({ outcome: 'failed' });
      const details = await currentDetails(run);
      expect(details).toContain('**failed** definition 1: no feature has a value');
      expect(details).toContain('- definition 2: 70 changed entities');
    });
  });

  it('reports that there was nothing new', () => {
    const { materializeDefinition } = fakeActivities().activities;
    const fakes = fakeActivities({
      materializeDefinition: async (input) => ({
        ...(await materializeDefinition(input)),
        written: 0,
        nothing: 'nothing changed',
      }),
    });
    return withLoops(fakes, async ({ materialize }) => {
      const run = await materialize({ asOf });
      await run.result();
      expect(await tagsOf(run)).toMatchObject({ outcome: 'nothing new' });
    });
  });

  it('answers the query for its step', () => {
    const writing = gate();
    const { materializeDefinition } = fakeActivities().activities;
    const fakes = fakeActivities({
      materializeDefinition: (input) => writing.pass().then(() => materializeDefinition(input)),
    });
    return withLoops(fakes, async ({ materialize }) => {
      const run = await materialize({ asOf });
      await eventually(async () =>
        expect((await run.query(materializeStateQuery)).step).toBe('materializing definition 1'),
      );
      writing.open();
      await run.result();
      expect((await run.query(materializeStateQuery)).step).toBe('closed');
    });
  });
});
