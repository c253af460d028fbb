#!/usr/bin/env node
// What the README of examples/orders tells a stranger to do, in a copy of it that has installed the packed package:
// its tests, check, and then a small order, an approved and a refused one, and those that fail. Prints a line a check;
// exits 1 if any fails.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import {
  check,
  cleanEnv,
  expect,
  freePort,
  hasRegistry,
  install,
  must,
  pack,
  root,
  start,
  summary,
} from './checks.mjs';

async function checkOrders(dir) {
  const cwd = join(dir, 'orders');
  const source = join(root, 'examples/orders');
  const ours = (file) => !/(^|\/)(node_modules|dist|waiting)(\/|$)/.test(file.slice(source.length));
  cpSync(source, cwd, { recursive: true, filter: ours });
  const tarball = pack(dir);

  const isInstalled = await check('orders: npm install', () => {
    cpSync(tarball, join(cwd, basename(tarball)));
    install(cwd, [`./${basename(tarball)}`]);
  });
  if (!isInstalled) return;
  await check('orders: npm test', () => void must('npm test', { cwd }));
  await check('orders: check finds nothing', () => {
    const said = must('npm run -s build && npm run -s check -- --strict', { cwd });
    expect(said === '', said);
  });

  await check('orders: types say what the machine and its activities take', () => {
    must('npx stepwright types --out workflows.ts && npx stepwright types --out workflows.ts --check', {
      cwd,
    });
    const order = readFileSync(join(cwd, 'orders/small.json'), 'utf8');
    writeFileSync(
      join(cwd, 'caller.ts'),
      `import type { Activities, Machines } from './workflows.js';
export const order: Machines['PlaceOrder']['input'] = ${order};
export const declined: Activities['ChargeCard']['error'] = 'PaymentDeclined';
// @ts-expect-error an order has a customer
export const wrong: Machines['PlaceOrder']['input'] = { id: 'o', card: 'c', items: [] };
// @ts-expect-error a payment's total is a number
export const free: Activities['ChargeCard']['input'] = { order: 'o', card: 'c', total: '0' };
`,
    );
    must('npx tsc --ignoreConfig --noEmit --strict --module nodenext caller.ts', { cwd });
  });

  const port = await freePort();
  const worker = start(`npm run dev -- --port ${port}`, { cwd });
  const place = (name) => execute(name, { cwd, port });
  try {
    await check('orders: npm run dev', () => worker.saw(/Watching for changes/));
    await check('a small order is placed', async () => {
      // The output that the README shows.
      const [, shown] = /```json\n([\s\S]*?)```/.exec(readFileSync(join(cwd, 'README.md'), 'utf8'));
      const { code, stdout, stderr } = await place('small');
      const same = code === 0 && stdout === `${JSON.stringify(JSON.parse(shown))}\n`;
      expect(same, `${code}\n${stdout}${stderr}${worker.log()}`);
    });
    await check('a large order waits for a person, and is placed when it is approved', async () => {
      const placing = place('large');
      await worker.saw(/o-2 waits for a person/);
      await decide('approve');
      const { code, stdout, stderr } = await placing;
      expect(code === 0 && stdout.includes('"receipt":"receipt-o-2"'), `${code}\n${stdout}${stderr}`);
    });
    await check('a large order that is refused is not placed', async () => {
      const failing = fails('large', 'Refused');
      await decide('refuse');
      await failing;
    });
    await check('a declined card', () => fails('declined', 'PaymentDeclined'));
    await check('more than there is', () => fails('too-many', 'OutOfStock'));
  } finally {
    const how = await worker.stop();
    await check('Ctrl-C ends it', () => expect(how !== 'it goes on', worker.log()));
  }

  /** The order may not wait yet, and an earlier one of its name be decided. */
  async function decide(what) {
    for (let attempt = 0; attempt < 50; attempt++) {
      const command = `npm run -s ${what} -- o-2 --port ${port}`;
      const { status, stdout, stderr } = spawnSync('bash', ['-c', command], {
        cwd,
        env: cleanEnv,
        encoding: 'utf8',
      });
      if (status === 0) return;
      expect(/does not wait|before/.test(stdout), `${stdout}${stderr}`);
      await new Promise((done) => setTimeout(done, 200));
    }
    throw new Error('nobody asked');
  }

  async function fails(name, error) {
    const { code, stdout, stderr } = await place(name);
    const right = code === 1 && stdout === '' && stderr.includes(`\nerror: ${error}\n`);
    expect(right, `${code}\n${stdout}${stderr}`);
  }
}

/** `npm run place`, beside which something else can be done. */
function execute(name, { cwd, port }) {
  const command = `npm run -s place -- @orders/${name}.json --port ${port}`;
  const child = spawn('bash', ['-c', command], { cwd, env: cleanEnv });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) child[stream].on('data', (data) => (said[stream] += data));
  return new Promise((done) => child.once('close', (code) => done({ code, ...said })));
}

if (hasRegistry('orders')) {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-orders-'));
  try {
    await checkOrders(dir);
  } catch (error) {
    await check('the checks run to their end', () => {
      throw error;
    });
  }
  summary('orders');
  if (process.env.KEEP) console.log(dir);
  else rmSync(dir, { recursive: true, force: true });
}
