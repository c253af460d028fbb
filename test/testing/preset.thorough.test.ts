import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const run = promisify(execFile);
const PRESET = resolve('dist/src/framework/testing/jest/preset.js');
const SCRIPT = `import(${JSON.stringify(PRESET)}).then(({ default: { preset, transform } }) => console.log(Object.keys(transform)), ({ message, stack }) => console.log(message + stack))`;

test('the preset names the flag of Node that is missing, in one line, and is itself with it', async () => {
  const [without, withFlag] = await Promise.all([
    run(process.execPath, ['-e', SCRIPT]),
    run(process.execPath, ['--experimental-vm-modules', '-e', SCRIPT]),
  ]);
  expect(without.stdout).toMatch(
    /^Jest runs ES modules only .*`node --experimental-vm-modules node_modules\/jest\/bin\/jest\.js`.*\n$/,
  );
  expect(withFlag.stdout).toContain('tsx?');
});
