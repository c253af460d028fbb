import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

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

describe('a copy of a peer dependency in the working directory', () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'stepwright-copies-')));
  const peer = join(dir, 'node_modules/reflect-metadata');
  beforeAll(() => {
    mkdirSync(join(dir, 'node_modules'));
    cpSync(resolve('node_modules/reflect-metadata'), peer, { recursive: true });
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  /** Makes a worker in that directory. @param first code that runs before Stepwright is loaded */
  const start = (first: string): string => {
    const script = `
      ${first}
      const { Activity, createWorker, Handle } = await import(${JSON.stringify(pathToFileURL(resolve('dist/src/framework/index.js')).href)});
      class Work { run() {} }
      Handle({ input: 'any' })(Work.prototype, 'run', Object.getOwnPropertyDescriptor(Work.prototype, 'run'));
      Activity('arn:aws:states:eu-west-1:123456789012:activity:Work')(Work);
      const config = { activities: [Work], endpoint: 'http://127.0.0.1:9', healthPort: 0 };
      await createWorker(config).then(() => console.log('made'), (error) => console.log(error.message));
      process.exit();`;
    const args = ['--input-type=module', '-e', script];
    return execFileSync(process.execPath, args, { encoding: 'utf8', cwd: dir });
  };

  test('is no error where nothing has loaded it: the directory belongs to another project', () => {
    expect(start('')).toMatch(/^made$/m);
  });

  test('is an error where it was loaded', () => {
    const said = start("await import('reflect-metadata');");
    expect(said).toContain('[TWO_COPIES]');
    expect(said).toContain(`your files use ${peer}`);
  });
});
