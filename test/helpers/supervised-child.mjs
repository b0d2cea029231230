// A process to supervise in tests: reports ready, then waits to be stopped. Its first argument makes it misbehave.
import { clearInterval, setInterval } from 'node:timers';
import { register } from 'tsx/esm/api';

register();
const { reportReady } = await import('../../cli/local/processes/ready-message.ts');

const [behaviour] = process.argv.slice(2);
const stayAlive = setInterval(() => undefined, 1_000);

console.log(`I am ${process.pid}`);
if (behaviour === 'fails') throw new Error('no setting named colour');
process.once('SIGTERM', () => {
  if (behaviour === 'stubborn') return;
  console.log('asked to end');
  clearInterval(stayAlive);
});
if (behaviour === 'stubborn') process.on('SIGTERM', () => undefined);
if (behaviour !== 'never-ready') reportReady();
