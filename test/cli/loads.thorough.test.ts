import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { startLocalService } from '../../src/framework/local/index.js';

const MAIN = resolve('dist/src/framework/cli/main.js');
const LIST = resolve('test/fixtures/loaded/list.mjs');

/** Runs a worker at a URL and stops it, with a limit of 72 open files. @returns the modules that it has loaded */
async function loadedAt(url: string): Promise<string[]> {
  const command = ['--import', LIST, MAIN, 'start', '--endpoint', url];
  const child = spawn('/bin/sh', ['-c', 'ulimit -n 72; exec "$0" "$@"', process.execPath, ...command], {
    env: { PATH: process.env['PATH'], HOME: '/nowhere' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let told = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      if (!told.includes('Waiting') && chunk.includes('Waiting')) child.kill('SIGTERM');
      told += chunk.toString();
    });
  expect([await once(child, 'close'), told]).toEqual([
    [0, null],
    expect.stringContaining('worker is running'),
  ]);
  return [...told.matchAll(/^loaded (.*)$/gm)].map(([, file]) => file ?? '');
}

test('a start at a URL loads neither the embedded service nor what others of its commands need, and 72 open files are enough', async () => {
  const service = await startLocalService({ port: 0 });
  try {
    const loaded = await loadedAt(service.url);
    const ours = loaded.flatMap((file) => /dist\/src\/framework\/(.*)$/.exec(file)?.[1] ?? []);
    expect(ours).toContain('worker/worker.js');
    // A start recognises a local service of ours by its header.
    expect(ours.filter((file) => /^(local|check|cli\/doctor|testing)\//.test(file)).toSorted()).toEqual([
      'check/finding.js',
    ]);
    const packages = loaded.flatMap((file) => /node_modules\/((@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
    expect(packages).toContain('undici');
    for (const unused of ['jsonata', 'jsonc-parser', 'prom-client', '@opentelemetry/api'])
      expect(packages).not.toContain(unused);
    // The entry of undici would load a hundred more.
    expect(loaded.filter((file) => file.includes('/undici/')).length).toBeLessThan(40);
  } finally {
    await service.close();
  }
});
