// Lets a supervised process report that it is ready, and ends the process when its supervisor disappears.

/** Whether a message from a child says that it is ready. */
export const isReadyMessage = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'ready' in message && message.ready === true;

/**
 * Reports to the supervisor, if there is one, that this process is ready. Sends this process SIGTERM when the supervisor
 * disappears, so that a `kill -9` of the supervisor leaves nothing running.
 *
 * @example await server.listen({ port }); reportReady();
 */
export const reportReady = (): void => {
  if (!process.send) return;
  const end = () => process.kill(process.pid, 'SIGTERM');
  if (!process.connected) end();
  process.once('disconnect', end);
  process.send({ ready: true });
  // The open channel must not keep a process alive that has finished its work.
  process.channel?.unref();
};
