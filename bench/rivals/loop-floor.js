// The floor: the same loop with a signature by hand, for one fixed set of headers, and nothing that could be left out.
import { createHash, createHmac } from 'node:crypto';
import { Pool } from 'undici';
import { settings, work } from './job.js';

const { endpoint, activityArn, workerName, concurrency } = settings;
const { host } = new URL(endpoint);
const pool = new Pool(endpoint, { connections: 2 * concurrency, headersTimeout: 0, bodyTimeout: 0 });
const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = process.env;
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const TYPE = 'application/x-amz-json-1.0';
const NAMES = 'content-type;host;x-amz-date;x-amz-target';
let day = '';
let key;

function sign(target, body) {
  const date = new Date().toISOString().replaceAll(/[:-]|\.\d{3}/g, '');
  const scope = `${date.slice(0, 8)}/us-east-1/states/aws4_request`;
  if (day !== scope) {
    day = scope;
    key = scope.split('/').reduce(hmac, `AWS4${secret}`);
  }
  const headers = `content-type:${TYPE}\nhost:${host}\nx-amz-date:${date}\nx-amz-target:${target}\n`;
  const canonical = `POST\n/\n\n${headers}\n${NAMES}\n${sha256(body)}`;
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${id}/${scope}, SignedHeaders=${NAMES}, Signature=${signature}`;
  return { 'content-type': TYPE, host, 'x-amz-date': date, 'x-amz-target': target, authorization };
}

async function call(operation, input) {
  const body = JSON.stringify(input);
  const headers = sign(`AWSStepFunctions.${operation}`, body);
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
