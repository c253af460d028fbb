// npm's step-function-worker, as its README says: a heartbeat when the function asks for one, errors printed, and
// close() at SIGTERM, which "may take up to 60 seconds [...] to close all connections smoothly without loosing any task".
import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import StepFunctionWorker from 'step-function-worker';
import { settings, work } from './job.js';

const { endpoint, activityArn, workerName, concurrency, heartbeatMs } = settings;

async function perform(input, callback, heartbeat) {
  const beating = setInterval(() => heartbeat(), heartbeatMs);
  try {
    callback(null, await work(input));
  } catch (error) {
    callback(error);
  } finally {
    clearInterval(beating);
  }
}

// Over HTTPS, so at AWS, aws-sdk v2 opens 50 sockets at most; over plain HTTP it would know no limit.
const AgentHere = endpoint.startsWith('https:') ? TlsAgent : Agent;
const agent = new AgentHere({ keepAlive: true, maxSockets: 50 });

const worker = new StepFunctionWorker({
  activityArn,
  workerName,
  fn: (input, callback, heartbeat) => void perform(input, callback, heartbeat),
  concurrency,
  awsConfig: { endpoint, region: 'us-east-1', httpOptions: { agent } },
  logger: { debug() {}, info() {}, warn: console.warn, error: console.error },
});
worker.on('error', (error) => console.error(error));
process.on('SIGTERM', () => worker.close(() => process.exit()));
