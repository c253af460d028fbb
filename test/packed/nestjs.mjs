#!/usr/bin/env node
// What docs/nestjs.md shows, in a project that has installed the packed package and NestJS: the worker as a process of
// its own, and inside of an application. Prints a line a check; exits 1 if any fails.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import {
  check,
  cleanEnv,
  expect,
  freePort,
  hasRegistry,
  must,
  pack,
  root,
  start,
  summary,
} from './checks.mjs';

const PACKAGES = [
  ...['@nestjs/common', '@nestjs/core', 'rxjs'],
  ...['reflect-metadata', 'tsyringe', 'class-validator', 'class-transformer'],
  ...['typescript', '@types/node@20'],
];
const RESOURCE = 'arn:aws:states:eu-west-1:123456789012:activity:SendMail';
const MACHINE = { StartAt: 'Send', States: { Send: { Type: 'Task', Resource: RESOURCE, End: true } } };

function writeProject(cwd) {
  const write = (file, text) => {
    mkdirSync(dirname(join(cwd, file)), { recursive: true });
    writeFileSync(join(cwd, file), text);
  };
  const page = readFileSync(join(root, 'docs/nestjs.md'), 'utf8');
  const blocks = [...page.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```/gm)];
  for (const [, file, code] of blocks) write(file, code);
  expect(blocks.length === 5, `docs/nestjs.md has ${blocks.length} files`);
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  write('tsconfig.json', /```json\n(\{\n {2}"compilerOptions"[\s\S]*?)```/.exec(readme)[1]);
  write('package.json', '{ "name": "mails", "private": true, "type": "module" }');
  write('state-machines/Send.asl.json', JSON.stringify(MACHINE));
}

async function checkNest(cwd) {
  writeProject(cwd);
  const tarball = pack(cwd);
  const isInstalled = await check('NestJS: npm install', () => {
    must(`npm install --no-audit --no-fund --ignore-scripts ./${basename(tarball)} ${PACKAGES.join(' ')}`, {
      cwd,
    });
  });
  if (!isInstalled) return;
  await check('NestJS: it compiles', () => must('npx tsc', { cwd }));

  const port = await freePort();
  const send = () => must(`npx stepwright execute Send '{"to":"ann@example.com"}' --port ${port}`, { cwd });
  await check('NestJS: a process of its own', async () => {
    const worker = start(`exec node_modules/.bin/stepwright start --port ${port}`, { cwd });
    try {
      await worker.saw(/Waiting for a task to start/);
      expect(send() === '"sent to ann@example.com"\n', worker.log());
    } finally {
      const how = await worker.stop();
      expect(how === 0 && worker.log().includes('worker is stopped'), `${how}\n${worker.log()}`);
    }
  });

  const service = start(`exec node_modules/.bin/stepwright local --port ${port}`, { cwd });
  try {
    await check('NestJS: inside of an application', async () => {
      await service.saw(/Endpoint: /);
      const env = { ...cleanEnv, AWS_ENDPOINT_URL_SFN: `http://127.0.0.1:${port}` };
      const app = start('exec node dist/src/main.js', { cwd, env });
      try {
        await app.saw(/the worker runs/);
        expect(send() === '"sent to ann@example.com"\n', app.log());
      } finally {
        await service.stop();
        const how = await app.stop();
        expect(how !== 'it goes on', app.log());
      }
    });
  } finally {
    await service.stop();
  }
}

if (hasRegistry('nestjs')) {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-nestjs-'));
  try {
    await checkNest(dir);
  } catch (error) {
    await check('the checks run to their end', () => {
      throw error;
    });
  }
  summary('nestjs');
  if (process.env.KEEP) console.log(dir);
  else rmSync(dir, { recursive: true, force: true });
}
