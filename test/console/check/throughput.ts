import { fork } from 'node:child_process';
import { Agent, request } from 'node:http';
import type { Browser } from 'playwright-core';
import { cpuMs } from '../../../bench/benchmark.js';
import { say, wrong } from './report.js';

/** The least share of its speed that the service must keep with one console open. */
const LEAST_SHARE = 0.9;
const ROUNDS = 8;
const ROUND_MS = 3_000;
const AT_ONCE = 32;

interface Target {
  readonly url: string;
  readonly machine: string;
  readonly pid: number;
}

interface Round {
  readonly perSecond: number;
  /** Processor time of the service for one execution, in milliseconds. */
  readonly cpuMs: number;
}

/** Checks that an open console costs the service little. Rounds with one and without one take turns in going first. */
export async function checkThroughput(browser: Browser): Promise<void> {
  say('Executions a second, without a console and with one that follows them all');
  const child = fork(new URL('./service-process.js', import.meta.url));
  const told = await new Promise<Omit<Target, 'pid'>>((resolve) =>
    child.once('message', (message) => resolve(message as Target)),
  );
  const target = { ...told, pid: child.pid ?? 0 };
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  for (let i = 0; i < 3; i++) await round(target, agent);
  const without: Round[] = [];
  const withOne: Round[] = [];
  const roundWithOne = async (): Promise<void> => {
    const page = await browser.newPage();
    await page.goto(`${target.url}/#/executions`);
    await page.locator('.rows .all .row').first().waitFor();
    withOne.push(await round(target, agent));
    await page.close();
  };
  for (let i = 0; i < ROUNDS; i++) {
    if (i % 2 === 1) await roundWithOne();
    without.push(await round(target, agent));
    if (i % 2 === 0) await roundWithOne();
  }
  agent.destroy();
  child.kill();
  const [before, after] = [rate(without), rate(withOne)];
  const [free, watched] = [cost(without), cost(withOne)];
  say(
    `  without: ${Math.round(before)}/s, with one: ${Math.round(after)}/s, ${(after / before).toFixed(2)} of it`,
  );
  say(`  processor time of the service for one: ${free.toFixed(3)} ms, with one: ${watched.toFixed(3)} ms`);
  if (after / before < LEAST_SHARE)
    wrong(`with one console open the service does ${(after / before).toFixed(2)} of its executions`);
}

const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const rate = (rounds: readonly Round[]): number => middle(rounds.map(({ perSecond }) => perSecond));
const cost = (rounds: readonly Round[]): number => middle(rounds.map((each) => each.cpuMs));

async function round(target: Target, agent: Agent): Promise<Round> {
  let done = 0;
  const ran = cpuMs(target.pid);
  const begin = performance.now();
  const loop = async (): Promise<void> => {
    while (performance.now() - begin < ROUND_MS) {
      await start(target, agent);
      done++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, loop));
  return {
    perSecond: (done / (performance.now() - begin)) * 1000,
    cpuMs: (cpuMs(target.pid) - ran) / done,
  };
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
