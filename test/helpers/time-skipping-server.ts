// Finds the binary of Temporal's time-skipping test server, for `TestWorkflowEnvironment.createTimeSkipping`.
import { temporalTestServerBinary } from '../../cli/local/temporal-binary/find-binary.ts';

/**
 * Returns the `executable` option of the test environment; downloads the binary if the machine has none.
 *
 * @example await TestWorkflowEnvironment.createTimeSkipping({ server: { executable: await timeSkippingServer() } });
 */
export const timeSkippingServer = async (): Promise<{ type: 'existing-path'; path: string }> => {
  const lines: string[] = [];
  try {
    return {
      type: 'existing-path',
      path: await temporalTestServerBinary({ log: (line) => lines.push(line) }),
    };
  } catch (cause) {
    throw new Error(lines.join('\n'), { cause });
  }
};
