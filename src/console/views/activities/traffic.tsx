import type { JSX } from 'preact';
import type { ActivityTraffic, Percentiles } from '../../../framework/local/console/api.js';
import { count, duration, instant, wholeSeconds } from '../../model/format.js';
import { now } from '../../service/stream.js';

interface TrafficProps {
  readonly traffic: ActivityTraffic;
}

/** The tasks of an activity over the time that the service has been up, and the names of their failures. */
export function Traffic({ traffic }: TrafficProps): JSX.Element {
  const { parts, from, partMs, scheduled, started, wait, work, failures } = traffic;
  const number = (n: number): string => n.toLocaleString('en');
  return (
    <div class="traffic">
      <Chart values={parts.map(([, , waiting]) => waiting)} />
      <p>
        {number(scheduled)} scheduled, {number(started)} started. Wait: {percentilesText(wait)}. Work:{' '}
        {percentilesText(work)}.
      </p>
      <Period from={from} partMs={partMs} />
      {failures.length > 0 && (
        <p class="faint">
          Failed:{' '}
          {failures.map(([name, times], i) => (
            <>
              {i > 0 && ', '}
              <code dir="auto">{name}</code> {count(times, 'time')}
            </>
          ))}
        </p>
      )}
    </div>
  );
}

const Period = ({ from, partMs }: Pick<ActivityTraffic, 'from' | 'partMs'>): JSX.Element => (
  <p class="faint">
    From {instant(from, now.value)} until now, a step for each {wholeSeconds(partMs)}.
  </p>
);

const percentilesText = ([p50, p95]: Percentiles): string =>
  p50 === null || p95 === null ? 'none yet' : `p50 ${duration(p50)}, p95 ${duration(p95)}`;

const WIDTH = 120;
const HEIGHT = 32;

/** The number of tasks that wait for a worker, over the time. */
function Chart({ values }: { readonly values: readonly number[] }): JSX.Element {
  const most = Math.max(0, ...values);
  const text = `${values.at(-1) ?? 0} now, at most ${most}`;
  return (
    <figure>
      <figcaption>
        <strong>Waiting</strong> {text}
      </figcaption>
      <svg
        viewBox={`0 -1 ${WIDTH} ${HEIGHT + 2}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Waiting: ${text}`}
      >
        <path class="blue" d={pathOf(values, most)} />
      </svg>
    </figure>
  );
}

/** Returns an SVG path: a step for each value. */
function pathOf(values: readonly number[], most: number): string {
  const step = WIDTH / values.length;
  return values
    .map((value, i) => {
      const y = (HEIGHT - (most === 0 ? 0 : (value / most) * HEIGHT)).toFixed(1);
      return `${i === 0 ? 'M' : 'L'}${(i * step).toFixed(1)} ${y}H${((i + 1) * step).toFixed(1)}`;
    })
    .join('');
}
