import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';

test('two copies of stepwright in a process are an error at start that names both', () => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-copies-'));
  try {
    for (const name of ['dist', 'node_modules', 'package.json']) symlinkSync(resolve(name), join(dir, name));
    const url = (folder: string): string =>
      pathToFileURL(resolve(folder, 'dist/src/framework/index.js')).href;
    const script = `
      await import(${JSON.stringify(url(dir))});
      const { Activity, createWorker, Handle } = await import(${JSON.stringify(url('.'))});
      class Work { run() {} }
      Handle({ input: 'any' })(Work.prototype, 'run', Object.getOwnPropertyDescriptor(Work.prototype, 'run'));
      Activity('arn:aws:states:eu-west-1:123456789012:activity:Work')(Work);
      await createWorker({ activities: [Work], endpoint: 'http://127.0.0.1:9' }).catch((error) => console.log(error.message));`;
    const said = execFileSync(
      process.execPath,
      ['--preserve-symlinks', '--input-type=module', '-e', script],
      {
        encoding: 'utf8',
      },
    );
    expect(said).toContain('stepwright: there are 2 copies: ');
    expect(said).toContain(join(dir, 'dist/src/framework/'));
    expect(said).toContain(resolve('dist/src/framework/'));
    expect(said).toContain('[TWO_COPIES]');
  } finally {
    rmSync(dir, { recursive: true });
  }
});
