// How a long step of the store is followed by Temporal: it heartbeats, and ends where the run is cancelled.
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { type ThreadControl } from './training/run-thread.ts';
import { type FreezeControl } from '../store/datasets/freeze.ts';

/** Progress as heartbeats, and the cancellation of the activity that calls. @example { request, window, ...followed() } */
export const followed = (): FreezeControl => ({ onProgress: heartbeat, signal: cancellationSignal() });

/** The same of what runs in a thread. @example await measureBeside(task, beside()) */
export const beside = (): ThreadControl => ({ onProgress: heartbeat, signal: cancellationSignal() });
