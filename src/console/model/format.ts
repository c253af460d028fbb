const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Returns a duration as text: `340 ms`, `3.2 s`, `4 min 5 s`, `2 h 1 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < SECOND) return `${Math.round(whole)} ms`;
  if (whole < 10 * SECOND) return `${(Math.floor(whole / 100) / 10).toFixed(1)} s`;
  if (whole < MINUTE) return `${Math.floor(whole / SECOND)} s`;
  if (whole < HOUR) return parts(whole, MINUTE, 'min', SECOND, 's');
  if (whole < DAY) return parts(whole, HOUR, 'h', MINUTE, 'min');
  return parts(whole, DAY, 'd', HOUR, 'h');
}

function parts(ms: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % big) / small);
  return `${Math.floor(ms / big)} ${bigName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}

/**
 * Returns a duration as text in whole seconds, such as `3 s` or `4 min 5 s`. It is used for durations that grow while
 * they are shown, since changing fractions would flicker.
 */
export function wholeSeconds(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND));
  return seconds < 60 ? `${seconds} s` : duration(seconds * SECOND);
}

/**
 * Returns a text that says how long ago something was, in whole seconds: `3 s ago`.
 * @param ms the milliseconds since then
 */
export const age = (ms: number): string => (ms < SECOND ? 'just now' : `${wholeSeconds(ms)} ago`);

const time = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});
const date = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });

/** Returns a time as text, `14:03:21`. The date is put before it if the time isn't on the same day as `now`. */
export function instant(ms: number, now: number): string {
  const shown = time.format(ms);
  return date.format(ms) === date.format(now) ? shown : `${date.format(ms)} ${shown}`;
}

export const clockTime = (ms: number): string =>
  `${time.format(ms)}.${String(Math.floor(ms) % 1000).padStart(3, '0')}`;

export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** Returns the name in an ARN: everything after the type of the resource. */
export const nameIn = (arn: string): string => arn.split(':').slice(6).join(':');

export const regionIn = (arn: string): string => arn.split(':')[3] ?? '';

export const bytes = (n: number): string =>
  n < 1024 ? `${n} B` : n < 1024 * 1024 ? `${Math.round(n / 1024)} kB` : `${(n / 1024 / 1024).toFixed(1)} MB`;

/** Returns the ARN of the execution with this name of this machine. */
export const executionArn = (machineArn: string, name: string): string =>
  `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
