#!/usr/bin/env node
// The commands of docs/local.md as they stand there, by each AWS CLI on the PATH, version 1 or 2. Prints a line a
// check; exits 1 if any fails.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { check, cleanEnv, expect, freePort, must, root, start, summary } from './checks.mjs';

const folders = process.env.PATH.split(delimiter).filter((folder) => existsSync(join(folder, 'aws')));
const clis = [...new Map(folders.map((folder) => [realpathSync(join(folder, 'aws')), folder])).values()];
const page = readFileSync(join(root, 'docs/local.md'), 'utf8');
const [, commands] = /```sh\n(export AWS_ENDPOINT_URL_SFN[\s\S]*?)```/.exec(page);

await check('there is an AWS CLI', () => expect(clis.length > 0, 'there is no `aws` on the PATH'));
for (const folder of clis) {
  const env = { ...cleanEnv, PATH: `${folder}${delimiter}${process.env.PATH}` };
  const { stdout } = spawnSync('aws', ['--version'], { env, encoding: 'utf8' });
  await check(stdout.split(' ')[0], async () => {
    const port = await freePort();
    const service = start(`exec node dist/src/framework/cli/main.js local --port ${port}`, { cwd: root });
    try {
      await service.saw(/Endpoint: /);
      const said = must(`set -e\n${commands.replaceAll('8083', port)}`, { cwd: root, env });
      expect(said.endsWith('\n{"message":"Hello hoge!"}\n'), said);
    } finally {
      await service.stop();
    }
  });
}
summary('aws-cli');
