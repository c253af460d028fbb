import { LONGEST_SECONDS } from '../definition/reader.js';
import type { WholeNumber } from '../definition/query-language.js';
import type { Compile } from './state.js';
import { runtimeFailure, soon } from '../expression.js';
import { bareText } from '../values/json.js';

/** The longest wait, in milliseconds. Recorded from the live service: 24,855 days are accepted, 24,856 are rejected. */
const LONGEST_WAIT_MS = 2_147_483_647_000;

const SECONDS: WholeNumber = {
  min: 0,
  max: LONGEST_SECONDS,
  absent: (path) => `The SecondsPath parameter does not reference an input value: ${path}`,
  wrong: (path, value) =>
    Number.isInteger(value) && Number(value) < 0
      ? `The SecondsPath parameter references a negative value: ${path} == ${bareText(value)}`
      : `The SecondsPath parameter cannot be parsed as a long value: ${path} == ${bareText(value)}`,
};

/**
 * The Wait state. It waits for a number of seconds, or until a time. It doesn't wait if that time has already passed.
 */
export const compileWait: Compile = (reader, { language }) => {
  const seconds = language.integer(reader, 'Seconds', SECONDS);
  const timestamp = language.timestamp(reader);
  const has = (field: string): boolean => [field, `${field}Path`].some((each) => each in reader.source);
  if (has('Seconds') === has('Timestamp')) {
    reader.problem(
      "A Wait must have exactly one of 'Seconds', 'SecondsPath', 'Timestamp' and 'TimestampPath'",
    );
  }
  return (branch, data) => {
    const now = branch.execution.services.clock.now();
    return soon(branch.evaluate(timestamp ?? seconds ?? (() => 0), data), (value) => {
      const ms = timestamp ? Number(value) - now : Number(value) * 1000;
      if (ms > LONGEST_WAIT_MS) throw runtimeFailure('Wait state delay is too long.');
      return ms > 0 ? branch.scope.sleep(branch.execution.services.clock, ms) : undefined;
    });
  };
};
