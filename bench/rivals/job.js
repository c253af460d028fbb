/** The settings that every worker of the benchmarks gets by its environment. */
export const settings = {
  endpoint: process.env.AWS_ENDPOINT_URL_SFN,
  activityArn: process.env.BENCH_ACTIVITY_ARN,
  workerName: process.env.BENCH_WORKER_NAME,
  concurrency: Number(process.env.BENCH_CONCURRENCY),
  heartbeatMs: Number(process.env.BENCH_HEARTBEAT_MS),
};

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The task of hello-world. */
const hello = ({ who }) => ({ message: `Hello ${who}!` });

async function job({ n, sleepMs }) {
  await sleep(sleepMs);
  return { done: n };
}

export const work = process.env.BENCH_HELLO ? hello : job;
