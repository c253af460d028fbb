/** The settings that every worker of the benchmarks gets by its environment. */
export const settings = {
  endpoint: process.env.AWS_ENDPOINT_URL_SFN,
  activityArn: process.env.BENCH_ACTIVITY_ARN,
  workerName: process.env.BENCH_WORKER_NAME,
  concurrency: Number(process.env.BENCH_CONCURRENCY),
  heartbeatMs: Number(process.env.BENCH_HEARTBEAT_MS),
};

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const never = new Int32Array(new SharedArrayBuffer(4));

/** The task of hello-world: the greeting, and when the handler ran, on a clock that all processes of the machine share. */
async function hello({ who, sleepMs }) {
  const at = Number(process.hrtime.bigint()) / 1e6;
  if (sleepMs) await sleep(sleepMs);
  return { message: `Hello ${who}!`, at };
}

/** Runs a task: waits or blocks the event loop as its input says, and returns. */
async function job({ n, sleepMs, blockMs, tellWhen }) {
  if (blockMs) Atomics.wait(never, 0, 0, blockMs);
  if (sleepMs) await sleep(sleepMs);
  return { done: n, ...(tellWhen && { decidedAt: performance.timeOrigin + performance.now() }) };
}

export const work = process.env.BENCH_HELLO ? hello : job;
