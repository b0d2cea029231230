// The program of the server that skips over waiting time, for `TestWorkflowEnvironment.createTimeSkipping`.
import { temporalTestServerBinary } from '../../cli/local/temporal-binary/find-binary.ts';

/**
 * The `executable` to give to the test environment, fetched first where the machine has none.
 *
 * @example await TestWorkflowEnvironment.createTimeSkipping({ server: { executable: await timeSkippingServer() } });
 */
export const timeSkippingServer = async (): Promise<{ type: 'existing-path'; path: string }> => {
  const said: string[] = [];
  try {
    return {
      type: 'existing-path',
      path: await temporalTestServerBinary({ log: (line) => said.push(line) }),
    };
  } catch (cause) {
    throw new Error(said.join('\n'), { cause });
  }
};
