import type { Clock } from '../../base/time/clock.js';
import { type CloudWatchClient, type CloudWatchSdk, loadCloudWatch } from '../sdk/load-sdk.js';
import { query } from './query.js';

/** A datapoint: `at` is the beginning of its period in epoch milliseconds. */
export interface Datapoint {
  readonly at: number;
  readonly sum: number;
}

/** Numbers of started and of ended tasks. A period can have several datapoints, which add up. */
export interface WorkSums {
  readonly started: readonly Datapoint[];
  /** The tasks that succeeded, failed, or missed a heartbeat. */
  readonly ended: readonly Datapoint[];
  /** The tasks whose run time was recorded at their end. It should be the same number; either may lack some tasks. */
  readonly ran: readonly Datapoint[];
}

/** The name and the dimensions under which a value is published to CloudWatch. */
export interface PublishedMetric {
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

interface MetricQuery extends PublishedMetric {
  readonly namespace: string;
  readonly statistic: 'Sum' | 'SampleCount' | 'Maximum';
  readonly periodSeconds: number;
  readonly since: number;
}

/** A metric of activities. @default its sums */
type Series = readonly [name: string, statistic?: MetricQuery['statistic']];

interface MetricDataOutput {
  readonly NextToken?: string;
  readonly MetricDataResults?: readonly {
    readonly Id?: string;
    readonly Timestamps?: readonly Date[];
    readonly Values?: readonly number[];
  }[];
}

/** The SDK's package for CloudWatch, and a client. */
interface Opened {
  readonly sdk: CloudWatchSdk;
  readonly client: CloudWatchClient;
}

const STATES = 'AWS/States';
/** The namespace of the metrics that the scaler publishes. */
const OWN = 'Stepwright';
/** The most metrics of one call ("GetMetricData" in CloudWatch's API reference). */
const MOST_QUERIES = 500;
/** A page has up to 100,800 values, and a call asks for one list of a few hours for each metric. */
const MOST_PAGES = 20;
const MINUTE_S = 60;
const HOUR_S = 3_600;

/** Reads CloudWatch's metrics of activities in one region, and publishes the metrics of the command `scaler`. */
export class ActivityMetrics {
  #opened: Promise<Opened> | undefined;

  constructor(
    private readonly region: string,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes the client. Every other method does that as well.
   * @throws CloudWatchMissing if the package `@aws-sdk/client-cloudwatch` isn't installed
   */
  open(): Promise<Opened> {
    this.#opened ??= loadCloudWatch().then((sdk) => ({
      sdk,
      client: new sdk.CloudWatchClient({ region: this.region, maxAttempts: 2 }),
    }));
    return this.#opened;
  }

  /**
   * Reads how many tasks were scheduled and started in each minute. The results are in the order of `activityArns`.
   * @param since epoch milliseconds
   */
  async counts(
    activityArns: readonly string[],
    since: number,
  ): Promise<{ scheduled: readonly Datapoint[]; started: readonly Datapoint[] }[]> {
    const names = [['ActivitiesScheduled'], ['ActivitiesStarted']] as const;
    const found = await this.#readEach(activityArns, names, since, MINUTE_S);
    return found.map(([scheduled = [], started = []]) => ({ scheduled, started }));
  }

  /**
   * Reads how many tasks were started in each period, and how many of the started ones ended. The results are in the
   * order of `activityArns`. `ended` doesn't count `ActivitiesTimedOut`, since a task can time out before it is started.
   * @param since epoch milliseconds
   */
  async work(
    activityArns: readonly string[],
    since: number,
    periodSeconds: typeof MINUTE_S | typeof HOUR_S,
  ): Promise<WorkSums[]> {
    const names: readonly Series[] = [
      ['ActivitiesStarted'],
      ['ActivitiesSucceeded'],
      ['ActivitiesFailed'],
      ['ActivitiesHeartbeatTimedOut'],
      ['ActivityRunTime', 'SampleCount'],
    ];
    const found = await this.#readEach(activityArns, names, since, periodSeconds);
    return found.map(([started = [], succeeded = [], failed = [], timedOut = [], ran = []]) => {
      return { started, ended: [...succeeded, ...failed, ...timedOut], ran };
    });
  }

  /**
   * Reads the mean milliseconds that tasks ran. The results are in the order of `activityArns`; undefined for an
   * activity of which no task has ended. @param since epoch milliseconds
   */
  async runMs(activityArns: readonly string[], since: number): Promise<(number | undefined)[]> {
    const names = [['ActivityRunTime'], ['ActivityRunTime', 'SampleCount']] as const;
    const total = (points: readonly Datapoint[] = []): number =>
      points.reduce((all, { sum }) => all + sum, 0);
    return (await this.#readEach(activityArns, names, since, HOUR_S)).map(([sums, counts]) => {
      const count = total(counts);
      return count > 0 ? total(sums) / count : undefined;
    });
  }

  /**
   * Reads the greatest value that was published for each metric since a time; undefined for a metric without values.
   * @param since epoch milliseconds
   * @param most values above it are left out, with those of the same hour
   */
  async greatest(
    metrics: readonly PublishedMetric[],
    since: number,
    most: number,
  ): Promise<(number | undefined)[]> {
    const found = await this.#read(
      metrics.map((metric) => ({
        ...metric,
        namespace: OWN,
        since,
        statistic: 'Maximum',
        periodSeconds: HOUR_S,
      })),
    );
    return found.map((points) => maximum(points.filter(({ sum }) => sum <= most)));
  }

  /** Publishes values with the current time, as high-resolution metrics (CloudWatch keeps them by the second). */
  async publish(values: readonly (PublishedMetric & { readonly value: number })[]): Promise<void> {
    const Timestamp = new Date(this.clock.now());
    const MetricData = values.map(({ name, dimensions, value }) => ({
      MetricName: name,
      Dimensions: asDimensions(dimensions),
      Value: value,
      Timestamp,
      StorageResolution: 1,
    }));
    const { sdk } = await this.open();
    await this.#send(new sdk.PutMetricDataCommand({ Namespace: OWN, MetricData }));
  }

  close(): void {
    this.#opened?.then(({ client }) => client.destroy()).catch(() => {});
  }

  /** Reads the same metrics of several activities. Returns the datapoints of each activity, in the order of `series`. */
  async #readEach(
    activityArns: readonly string[],
    series: readonly Series[],
    since: number,
    periodSeconds: number,
  ): Promise<Datapoint[][][]> {
    const found = await this.#read(
      activityArns.flatMap((ActivityArn) =>
        series.map(([name, statistic = 'Sum']) => ({
          namespace: STATES,
          name,
          dimensions: { ActivityArn },
          statistic,
          periodSeconds,
          since,
        })),
      ),
    );
    return activityArns.map((_, index) => found.slice(series.length * index, series.length * (index + 1)));
  }

  async #read(queries: readonly MetricQuery[]): Promise<Datapoint[][]> {
    const found = queries.map((): Datapoint[] => []);
    for (let from = 0; from < queries.length; from += MOST_QUERIES) {
      const part = queries.slice(from, from + MOST_QUERIES);
      await this.#readPart(part, (index) => found[from + index] ?? []);
    }
    return found;
  }

  async #readPart(queries: readonly MetricQuery[], listOf: (index: number) => Datapoint[]): Promise<void> {
    const now = this.clock.now();
    const input = {
      StartTime: new Date(Math.min(...queries.map(({ since }) => since))),
      EndTime: new Date(now + MINUTE_S * 1_000),
      ScanBy: 'TimestampAscending',
      MetricDataQueries: queries.map(asQuery),
    };
    const { sdk } = await this.open();
    let NextToken: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const command = new sdk.GetMetricDataCommand({
        ...input,
        ...(NextToken !== undefined && { NextToken }),
      });
      const output = (await this.#send(command)) as MetricDataOutput;
      for (const { Id, Timestamps = [], Values = [] } of output.MetricDataResults ?? []) {
        const list = listOf(Number(Id?.slice(1)));
        for (const [index, time] of Timestamps.entries())
          list.push({ at: time.getTime(), sum: Values[index] ?? 0 });
      }
      ({ NextToken } = output);
      if (NextToken === undefined) return;
    }
    throw new Error(`CloudWatch has a next page after ${MOST_PAGES} pages of metrics, so they are not read`);
  }

  async #send(command: object): Promise<unknown> {
    const { client } = await this.open();
    return query(this.clock, (abortSignal) => client.send(command, { abortSignal }));
  }
}

function asQuery(
  { namespace, name, dimensions, statistic, periodSeconds }: MetricQuery,
  index: number,
): object {
  const Metric = { Namespace: namespace, MetricName: name, Dimensions: asDimensions(dimensions) };
  return { Id: `m${index}`, MetricStat: { Metric, Period: periodSeconds, Stat: statistic } };
}

const maximum = (points: readonly Datapoint[]): number | undefined =>
  points.length > 0 ? Math.max(...points.map(({ sum }) => sum)) : undefined;

const asDimensions = (dimensions: Readonly<Record<string, string>>): object[] =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
