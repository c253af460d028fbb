// A loop without the SDK, as somebody would write it who knows where the time goes: aws4 signs, undici sends. No
// heartbeats, no errors told apart, no renewed credentials.
import aws4 from 'aws4';
import { Pool } from 'undici';
import { settings, work } from './job.js';

const { endpoint, activityArn, workerName, concurrency } = settings;
const { host } = new URL(endpoint);
const pool = new Pool(endpoint, { connections: 2 * concurrency, headersTimeout: 0, bodyTimeout: 0 });

async function call(operation, input) {
  const body = JSON.stringify(input);
  /** @type {any} */
  const { headers } = aws4.sign({
    ...{ service: 'states', region: 'us-east-1', method: 'POST', path: '/', host, body },
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AWSStepFunctions.${operation}`,
    },
  });
  const answer = await pool.request({ path: '/', method: 'POST', headers, body });
  if (answer.statusCode !== 200) throw new Error(await answer.body.text());
  return answer.body.json();
}

async function loop() {
  for (;;) {
    const { taskToken, input } = await call('GetActivityTask', { activityArn, workerName });
    if (!taskToken) continue;
    const output = JSON.stringify(await work(JSON.parse(input)));
    await call('SendTaskSuccess', { taskToken, output });
  }
}

await Promise.all(Array.from({ length: concurrency }, loop));
