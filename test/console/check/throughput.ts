import { fork } from 'node:child_process';
import { Agent, request } from 'node:http';
import type { Browser } from 'playwright-core';
import { say, wrong } from './report.js';

/** What share of its speed the service must keep with one console open. */
const LEAST_SHARE = 0.9;
const ROUNDS = 8;
const ROUND_MS = 3_000;
const AT_ONCE = 32;

interface Target {
  readonly url: string;
  readonly machine: string;
}

/** That a console which is open costs the service little: rounds without one and with one take turns in going first. */
export async function theEngineHardlyNotices(browser: Browser): Promise<void> {
  say('Executions a second, without a console and with one that follows them all');
  const child = fork(new URL('./service-process.js', import.meta.url));
  const target = await new Promise<Target>((resolve) =>
    child.once('message', (told) => resolve(told as Target)),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  for (let i = 0; i < 3; i++) await perSecond(target, agent);
  const without: number[] = [];
  const withOne: number[] = [];
  const roundWithOne = async (): Promise<void> => {
    const page = await browser.newPage();
    await page.goto(`${target.url}/#/executions`);
    await page.locator('.rows .all .row').first().waitFor();
    withOne.push(await perSecond(target, agent));
    await page.close();
  };
  for (let i = 0; i < ROUNDS; i++) {
    if (i % 2 === 1) await roundWithOne();
    without.push(await perSecond(target, agent));
    if (i % 2 === 0) await roundWithOne();
  }
  agent.destroy();
  child.kill();
  const [before, after] = [middle(without), middle(withOne)];
  say(
    `  without: ${Math.round(before)}/s, with one: ${Math.round(after)}/s, ${(after / before).toFixed(2)} of it`,
  );
  if (after / before < LEAST_SHARE)
    wrong(`with one console open the service does ${(after / before).toFixed(2)} of its executions`);
}

const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

async function perSecond(target: Target, agent: Agent): Promise<number> {
  let done = 0;
  const begin = performance.now();
  const loop = async (): Promise<void> => {
    while (performance.now() - begin < ROUND_MS) {
      await start(target, agent);
      done++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, loop));
  return (done / (performance.now() - begin)) * 1000;
}

function start({ url, machine }: Target, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-amz-target': 'AWSStepFunctions.StartExecution' };
    const call = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve());
    });
    call.on('error', reject);
    call.end(JSON.stringify({ stateMachineArn: machine, input: '{}' }));
  });
}
