import type { JSX } from 'preact';
import type { ActivityTraffic, Percentiles, TrafficTuple } from '../../../framework/local/console/api.js';
import { count, duration, instant, wholeSeconds } from '../../model/format.js';
import { now } from '../../service/stream.js';

/** A line of a chart. A value is null where there is none. */
interface Series {
  readonly name: string;
  /** The name of its colour in the style sheet. */
  readonly tone: string;
  readonly values: readonly (number | null)[];
}

interface TrafficProps {
  readonly traffic: ActivityTraffic;
}

/** Charts of the tasks of an activity over the time that the service has been up, and the names of their failures. */
export function Traffic({ traffic }: TrafficProps): JSX.Element {
  const { parts, from, partMs, scheduled, started, wait, work, failures } = traffic;
  const values = (pick: (part: TrafficTuple) => number | null) => parts.map(pick);
  const percentiles = (at: 3 | 4): Series[] => [
    { name: 'p95', tone: 'grey', values: values((part) => part[at][1]) },
    { name: 'p50', tone: 'blue', values: values((part) => part[at][0]) },
  ];
  const tasks = [
    { name: 'scheduled', tone: 'grey', values: values(([each]) => each) },
    { name: 'started', tone: 'blue', values: values(([, each]) => each) },
  ];
  const number = (n: number): string => n.toLocaleString('en');
  return (
    <div class="traffic">
      <div class="charts">
        <Chart
          title="Tasks"
          text={`${number(scheduled)} scheduled, ${number(started)} started`}
          series={tasks}
          show={number}
        />
        <Chart
          title="Waiting"
          text={`${number(parts.at(-1)?.[2] ?? 0)} now`}
          series={[{ name: 'waiting', tone: 'orange', values: values(([, , each]) => each) }]}
          show={number}
        />
        <Chart title="Wait" text={percentilesText(wait)} series={percentiles(3)} show={duration} />
        <Chart title="Work" text={percentilesText(work)} series={percentiles(4)} show={duration} />
      </div>
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

interface ChartProps {
  readonly title: string;
  readonly text: string;
  readonly series: readonly Series[];
  /** Returns a value as it is shown. */
  readonly show: (value: number) => string;
}

const WIDTH = 120;
const HEIGHT = 32;

function Chart({ title, text, series, show }: ChartProps): JSX.Element {
  const most = Math.max(0, ...series.flatMap(({ values }) => values.filter((each) => each !== null)));
  const label = `${title}: ${text}; at most ${show(most)}`;
  return (
    <figure>
      <figcaption>
        <strong>{title}</strong> {text}
      </figcaption>
      <svg viewBox={`0 -1 ${WIDTH} ${HEIGHT + 2}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {series.map(({ name, tone, values }) => (
          <path class={tone} d={pathOf(values, most)}>
            <title>{name}</title>
          </path>
        ))}
      </svg>
      <ul class="key" aria-label={`Colours of ${title}`}>
        {series.map(({ name, tone }) => (
          <li>
            <i class={`swatch ${tone}`} />
            {name}
          </li>
        ))}
        <li>at most {show(most)}</li>
      </ul>
    </figure>
  );
}

/** Returns an SVG path: a step for each value, and a gap where there is none. */
function pathOf(values: readonly (number | null)[], most: number): string {
  const step = WIDTH / values.length;
  let isOpen = false;
  return values
    .map((value, i) => {
      if (value === null) {
        isOpen = false;
        return '';
      }
      const y = (HEIGHT - (most === 0 ? 0 : (value / most) * HEIGHT)).toFixed(1);
      const from = `${isOpen ? 'L' : 'M'}${(i * step).toFixed(1)} ${y}`;
      isOpen = true;
      return `${from}H${((i + 1) * step).toFixed(1)}`;
    })
    .join('');
}
