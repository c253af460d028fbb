// The loop that the service's own documentation sketches ("Writing a Worker": poll, work, SendTaskSuccess, in a
// catch SendTaskFailure), as one writes it in an afternoon: some loops at once, a heartbeat on an interval, errors
// printed, one client. With --drain a SIGTERM lets every loop finish its turn; without, it ends the process. With --dto
// class-validator checks each input.
import {
  GetActivityTaskCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { settings, sleep, work } from './job.js';

const { endpoint, activityArn, workerName, concurrency, heartbeatMs } = settings;
const client = new SFNClient({ endpoint });
const { check } = process.argv.includes('--dto') ? await import('./dto.js') : { check: (input) => input };
const drain = { begun: false };
if (process.argv.includes('--drain')) process.on('SIGTERM', () => (drain.begun = true));

async function loop() {
  while (!drain.begun) {
    try {
      const { taskToken, input } = await client.send(new GetActivityTaskCommand({ activityArn, workerName }));
      if (taskToken) await perform(taskToken, input);
    } catch (error) {
      console.error(error);
      await sleep(1_000);
    }
  }
}

async function perform(taskToken, input) {
  const heartbeat = setInterval(() => {
    client.send(new SendTaskHeartbeatCommand({ taskToken })).catch(console.error);
  }, heartbeatMs);
  try {
    const output = JSON.stringify(await work(await check(JSON.parse(input))));
    await client.send(new SendTaskSuccessCommand({ taskToken, output }));
  } catch (error) {
    await client.send(new SendTaskFailureCommand({ taskToken, error: error.name, cause: error.message }));
  } finally {
    clearInterval(heartbeat);
  }
}

await Promise.all(Array.from({ length: concurrency }, loop));
