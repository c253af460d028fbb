/** What every worker of the benchmarks is told by its environment. */
export const settings = {
  endpoint: process.env.AWS_ENDPOINT_URL_SFN,
  activityArn: process.env.BENCH_ACTIVITY_ARN,
  workerName: process.env.BENCH_WORKER_NAME,
  concurrency: Number(process.env.BENCH_CONCURRENCY),
  heartbeatMs: Number(process.env.BENCH_HEARTBEAT_MS),
};

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The task itself: waits if it is told to, and answers. */
export async function work({ n, sleepMs }) {
  if (sleepMs) await sleep(sleepMs);
  return { done: n };
}
