import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import { checkMachines } from '../../src/framework/check/check-machines.js';
import { checkedHandler } from '../../src/framework/check/handlers.js';
import { readMachineSource } from '../../src/framework/check/source/machine-source.js';
import { typesText } from '../../src/framework/cli/types/write-types.js';
import { resolveConfig, resolveHandler } from '../../src/framework/config/resolve.js';
import { discover } from '../../src/framework/declare/discovery/discovery.js';
import { ApprovalActivity } from '../../examples/orders/src/activities/approval.activity.js';
import { PaymentActivity } from '../../examples/orders/src/activities/payment.activity.js';
import { RiskActivity } from '../../examples/orders/src/activities/risk.activity.js';
import { StockActivity } from '../../examples/orders/src/activities/stock.activity.js';
import { page } from '../docs/markdown.js';

const run = promisify(execFile);
const settings = resolveConfig({ config: {}, env: {} });
const CLASSES = [ApprovalActivity, PaymentActivity, RiskActivity, StockActivity];
const handlers = discover(CLASSES, {}).handlers.map((definition) => {
  const { options } = resolveHandler(definition, settings);
  return { definition, ...checkedHandler({ definition, options }, {}) };
});
const machine = await readMachineSource(
  'PlaceOrder',
  resolve('examples/orders/state-machines/PlaceOrder.asl.json'),
  'PlaceOrder.asl.json',
  {},
);

const dir = mkdtempSync(join(tmpdir(), 'types-page-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('the code of the pages compiles, against the types of the example, and runs', async () => {
  const [code = ''] = page('docs/types.md').fences.flatMap((each) =>
    each.language === 'ts' ? [each.code] : [],
  );
  const written = typesText(handlers, [machine], []);
  expect(written).not.toMatch(/\b(import|from)\b.*['"]/);
  mkdirSync(join(dir, 'node_modules'));
  for (const name of ['@aws-sdk', '@types', 'reflect-metadata', 'tsyringe'])
    symlinkSync(resolve('node_modules', name), join(dir, 'node_modules', name));
  symlinkSync(resolve('.'), join(dir, 'node_modules', 'stepwright'));
  const [throwing = ''] = page('docs/check.md').fences.flatMap((each) =>
    each.language === 'ts' ? [each.code] : [],
  );
  const pays = 'await new Paying().pay().catch((error: Error) => console.log(String(error)));';
  writeFileSync(join(dir, 'check.ts'), `${throwing}${pays}\n`);
  writeFileSync(join(dir, 'workflows.ts'), written);
  writeFileSync(join(dir, 'page.ts'), `${code}console.log(declined);\n`);
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  const compilerOptions = {
    strict: true,
    skipLibCheck: true,
    module: 'nodenext',
    target: 'es2022',
    types: ['node'],
    experimentalDecorators: true,
  };
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const compiled = await run(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '-p', dir]).catch(
    (error: { stdout: string }) => error,
  );
  expect(compiled.stdout).toBe('');

  const requests: unknown[] = [];
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      requests.push(body);
      response.end(JSON.stringify({ executionArn: 'arn', startDate: 0 }));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const env = {
    AWS_ENDPOINT_URL_SFN: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  const { stdout } = await run(process.execPath, [join(dir, 'page.js')], { env, timeout: 30_000 });
  server.close();
  expect(stdout).toBe('PaymentDeclined\n');
  const declared = await run(process.execPath, [join(dir, 'check.js')], { timeout: 30_000 });
  expect(declared.stdout).toContain('the bank said no');
  expect(requests).toEqual([
    { stateMachineArn: expect.stringContaining('PlaceOrder'), input: expect.stringContaining('o-1') },
  ]);
});

test('nothing is found in the example', () => {
  const found = checkMachines({ machines: [machine], handlers, errorNames: [] });
  expect(found.filter(({ level }) => level === 'error')).toEqual([]);
});
