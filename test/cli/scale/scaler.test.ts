import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { killAll, stepwright } from '../../support/cli.js';
import { ARN } from '../../support/world.js';

afterEach(killAll);

test('the command names every mistake in its flags, and what to install', async () => {
  const all = stepwright([
    'scaler',
    '--activity',
    'Work',
    '--workers',
    'http://worker/status',
    '--slots',
    '0',
    '--within',
    '5',
    '--listen',
    'x',
  ]);
  expect(await all.ended).toMatchObject({ code: 1 });
  for (const flag of ['--activity', '--workers', '--slots', '--within', '--listen'])
    expect(all.stderr()).toContain(`${flag}: expected `);
  expect(all.stderr()).toContain("got 'http://worker/status': did you mean worker:8080?");
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-scaler-'));
  const hook = join(dir, 'hook.mjs');
  writeFileSync(
    hook,
    `import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(\`export const resolve = (name, context, next) => {
  if (name === '@aws-sdk/client-cloudwatch') throw Object.assign(new Error('none'), { code: 'ERR_MODULE_NOT_FOUND' });
  return next(name, context);
};\`));`,
  );
  const missing = stepwright(['scaler', '--activity', ARN, '--workers', '127.0.0.1:1'], {
    NODE_OPTIONS: `--import ${hook}`,
  });
  expect(await missing.ended).toMatchObject({ code: 1 });
  expect(missing.stderr()).toContain("npm install '@aws-sdk/client-cloudwatch@~3.1164'");
  rmSync(dir, { recursive: true });
});
