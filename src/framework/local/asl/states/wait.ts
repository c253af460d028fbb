import { runtimeFailure } from '../errors/failure.js';
import type { Json } from '../values/json.js';
import { pause } from '../errors/retry.js';
import type { Kind } from '../definition/state.js';
import { LONGEST_SECONDS } from '../values/limits.js';
import { parseTimestamp } from '../values/timestamp.js';

/** Waits for a number of seconds, or until an instant. One that has passed is no wait at all. */
export const waitKind: Kind = {
  events: { aborted: 'WaitStateAborted' },
  parts: {},
  leaves: 'next',
  compile(reader, { language }) {
    const seconds = language.integer(reader, 'Seconds', 0, LONGEST_SECONDS);
    const timestamp = language.text(reader, 'Timestamp');
    if ((seconds === undefined) === (timestamp === undefined)) {
      reader.problem(
        "A Wait must have exactly one of 'Seconds', 'SecondsPath', 'Timestamp' and 'TimestampPath'",
      );
    }
    const fixed = reader.source['Timestamp'];
    if (typeof fixed === 'string' && !fixed.startsWith('{%') && parseTimestamp(fixed) === undefined) {
      reader.problem(`The value '${fixed}' is not a timestamp by RFC 3339`, 'Timestamp');
    }
    return async (thread, data) => {
      const now = thread.execution.clock.now();
      const until = seconds
        ? now + Number(await thread.evaluate(seconds, data)) * 1000
        : instant(timestamp ? await thread.evaluate(timestamp, data) : null);
      if (until > now) await pause(thread, until - now);
      return { result: data.root };
    };
  },
};

function instant(value: Json): number {
  const ms = typeof value === 'string' ? parseTimestamp(value) : undefined;
  if (ms !== undefined) return ms;
  throw runtimeFailure(`The value ${JSON.stringify(value)} is not a timestamp by RFC 3339.`);
}
