// How a long step of the store is followed by Temporal: it heartbeats, and ends where the run is cancelled.
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { type ComputeControl } from './compute/pool.ts';
import { type FreezeControl } from '../store/datasets/freeze.ts';

/** Progress as heartbeats, and the cancellation of the activity that calls. @example { request, window, ...followed() } */
export const followed = (): FreezeControl => ({ onProgress: heartbeat, signal: cancellationSignal() });

/** The same for what runs in a compute thread. @example await compute('tellApart', input, beside()) */
export const beside = (): ComputeControl => ({ onProgress: heartbeat, signal: cancellationSignal() });
