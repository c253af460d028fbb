import type { JSX } from 'preact';
import type { Lease } from '../../framework/local/console/api.js';
import { age, duration, wholeSeconds } from '../model/format.js';
import { now } from '../service/stream.js';

/**
 * Shows the time since `since` (in epoch milliseconds). This component reads the clock itself, so that a tick of the
 * clock renders only this text again.
 */
export const Elapsed = ({ since }: { readonly since: number }): JSX.Element => (
  <>{wholeSeconds(now.value - since)}</>
);

/** Shows the time from `from` to `to` or, if `to` is null, to now. */
export const Duration = ({ from, to }: { readonly from: number; readonly to: number | null }): JSX.Element =>
  to === null ? <Elapsed since={from} /> : <>{duration(to - from)}</>;

/**
 * Shows when the worker that has a task sent its last heartbeat, and when the task times out: `Last heartbeat 3 s ago,
 * lapses in 57 s`.
 */
export function LeaseText({ lease }: { readonly lease: Lease | undefined }): JSX.Element {
  if (!lease) return <>In progress</>;
  const { beatAt, due } = lease;
  const beat = beatAt === undefined ? 'No heartbeat yet' : `Last heartbeat ${age(now.value - beatAt)}`;
  const left =
    due === undefined ? '' : `, lapses in ${wholeSeconds(Math.ceil((due - now.value) / 1000) * 1000)}`;
  return <>{`${beat}${left}`}</>;
}
