// What a supervised process says to its supervisor: that it is ready. And what it does when the supervisor is gone.

/** Whether a message from a child says that it is ready. */
export const isReadyMessage = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'ready' in message && message.ready === true;

/**
 * Tells the supervisor, if there is one, that this process is ready for work, and ends this process in the orderly way
 * of SIGTERM once the supervisor is gone, so that a `kill -9` of it leaves nothing behind.
 *
 * @example await server.listen({ port }); reportReady();
 */
export const reportReady = (): void => {
  if (!process.send) return;
  const end = () => process.kill(process.pid, 'SIGTERM');
  if (!process.connected) end();
  process.once('disconnect', end);
  process.send({ ready: true });
  // Listening must not by itself keep alive a process that has finished.
  process.channel?.unref();
};
