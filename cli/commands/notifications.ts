// tidegate notifications: what people were notified of, whether it arrived, and sending it once more.
import { type Command, Option } from 'commander';
import { type CommandContext, jsonOption, parseLimit } from '../shared/arguments.ts';
import { askApi } from '../shared/ask-api.ts';
import { findApi } from '../shared/endpoints.ts';

/** Adds `tidegate notifications list`, `show` and `replay`. */
export function addNotifications(program: Command, context: CommandContext): void {
  const notifications = program
    .command('notifications')
    .description('list what people were notified of, and send a notification once more');
  addList(notifications, context);
  addShow(notifications, context);
  addReplay(notifications, context);
}

interface Listed {
  readonly id: string;
  readonly type: string;
  readonly model: string;
  readonly at: string;
  readonly state: string;
  readonly targets: readonly {
    readonly target: string;
    readonly status: string;
    readonly error: string | null;
  }[];
}

interface ListOptions {
  readonly limit: number;
  readonly model?: string;
  readonly state?: string;
  readonly json?: boolean;
}

function addList(notifications: Command, { config, output }: CommandContext): void {
  notifications
    .command('list')
    .description('list the newest notifications, and whether each target has them')
    .option('--limit <number>', 'how many', parseLimit, 50)
    .option('--model <name>', 'only those about this model')
    .addOption(
      new Option('--state <state>', 'only those in this state').choices([
        'waiting',
        'trying',
        'delivered',
        'failed',
      ]),
    )
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate notifications list --state failed')
    .action(async ({ json, ...filter }: ListOptions) => {
      const answer = await askApi<{ readonly notifications: readonly Listed[] }>(
        await findApi(config()),
        'GET',
        ['notifications'],
        filter,
      );
      if (json) return output.json(answer);
      output.table({
        head: ['id', 'at', 'type', 'about', 'state', 'targets'],
        rows: answer.notifications.map(({ id, at, type, model, state, targets }) => [
          id,
          at.slice(0, 19).replace('T', ' '),
          type,
          model || 'installation',
          state,
          targets.map(({ target, status }) => `${target} ${status}`).join(', '),
        ]),
      });
    });
}

interface Shown {
  readonly event: { readonly data: { readonly message: string; readonly url?: string } };
  readonly type: string;
  readonly at: string;
  readonly deliveries: readonly {
    readonly target: string;
    readonly attempt: number;
    readonly status: string;
    readonly responseCode: number | null;
    readonly error: string | null;
    readonly latencyMs: number;
    readonly nextAttemptAt: string | null;
    readonly at: string;
  }[];
  readonly replays: readonly {
    readonly requestedBy: string;
    readonly at: string;
    readonly startedAt: string | null;
  }[];
}

function addShow(notifications: Command, { config, output }: CommandContext): void {
  notifications
    .command('show')
    .description('show a notification as it was sent, with every attempt to deliver it')
    .argument('<id>', 'its id, as `tidegate notifications list` shows it')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate notifications show 6f0f8a52-2e19-4c5e-9a0c-0b6f3a1f7c11')
    .action(async (id: string, { json }: { readonly json?: boolean }) => {
      const shown = await askApi<Shown>(await findApi(config()), 'GET', ['notifications', id]);
      if (json) return output.json(shown);
      output.line(`${shown.type} at ${shown.at}: ${shown.event.data.message}`);
      if (shown.event.data.url !== undefined) output.line(shown.event.data.url);
      output.table({
        head: ['at', 'target', 'attempt', 'status', 'answer', 'ms', 'next attempt', 'error'],
        rows: shown.deliveries.map((each) => [
          each.at.slice(0, 19).replace('T', ' '),
          each.target,
          String(each.attempt),
          each.status,
          each.responseCode === null ? '–' : String(each.responseCode),
          String(each.latencyMs),
          each.nextAttemptAt?.slice(0, 19).replace('T', ' '),
          each.error ?? '',
        ]),
      });
      for (const { requestedBy, at, startedAt } of shown.replays)
        output.line(
          `${requestedBy} asked at ${at} to send it once more; ${startedAt === null ? 'a worker has not taken it yet' : `a worker took it at ${startedAt}`}`,
        );
    });
}

function addReplay(notifications: Command, { config, output }: CommandContext): void {
  notifications
    .command('replay')
    .description('send a notification once more to every target, as it was (needs the role admin)')
    .argument('<id>', 'its id, as `tidegate notifications list` shows it')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate notifications replay 6f0f8a52-2e19-4c5e-9a0c-0b6f3a1f7c11')
    .action(async (id: string, { json }: { readonly json?: boolean }) => {
      const answer = await askApi(await findApi(config()), 'POST', ['notifications', id, 'replay']);
      if (json) return output.json(answer);
      output.line(`${id} is sent once more; \`tidegate notifications show ${id}\` shows the attempts`);
    });
}
