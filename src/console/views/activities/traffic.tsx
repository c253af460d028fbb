import type { JSX } from 'preact';
import type { ActivityTraffic, Percentiles } from '../../../framework/local/console/api.js';
import { count, duration, instant, wholeSeconds } from '../../model/format.js';
import { now } from '../../service/stream.js';

interface TrafficProps {
  readonly traffic: ActivityTraffic;
}

/** The tasks of an activity over the time that the service has been up, and the names of their failures. */
export function Traffic({ traffic }: TrafficProps): JSX.Element {
  const { waited, from, partMs, scheduled, wait, work, failures } = traffic;
  return (
    <div class="traffic">
      <Sparkline values={waited} />
      <p class="faint">
        The tasks that waited, from {instant(from, now.value)} until now, a step for each{' '}
        {wholeSeconds(partMs)}.
      </p>
      <p>{`${count(scheduled, 'task')} scheduled. Wait: ${percentilesText(wait)}. Work: ${percentilesText(work)}.`}</p>
      {failures.map(([name, times]) => (
        <p class="bad">
          <code dir="auto">{name}</code> {count(times, 'time')}
        </p>
      ))}
    </div>
  );
}

const percentilesText = ([p50, p95]: Percentiles): string =>
  p50 === null || p95 === null ? 'none yet' : `p50 ${duration(p50)}, p95 ${duration(p95)}`;

const WIDTH = 120;
const HEIGHT = 32;

/** The number of tasks that waited for a worker, over the time. */
export function Sparkline({ values }: { readonly values: readonly number[] }): JSX.Element {
  const most = Math.max(0, ...values);
  const points = values.map((value, i) => {
    const x = (i * WIDTH) / Math.max(1, values.length - 1);
    return `${x.toFixed(1)},${(HEIGHT * (1 - value / Math.max(1, most))).toFixed(1)}`;
  });
  const label = `Waiting: ${values.at(-1) ?? 0} now, at most ${most}`;
  return (
    <svg
      class="sparkline blue"
      viewBox={`0 -1 ${WIDTH} ${HEIGHT + 2}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <polyline points={points.join(' ')} />
    </svg>
  );
}
