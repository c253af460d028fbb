#!/usr/bin/env node
// A worker as a user's bundler joins it into one file: HelloWorld with an injected class and a DTO, by esbuild (as an ES
// module; as CommonJS, minified with kept names), rollup, webpack, ncc, Rspack and Vite. Each bundle runs in a folder away from
// node_modules, takes a task, a bad one and one that outlives its HeartbeatSeconds, and stops at SIGTERM. The bundlers are installed by this check alone. Prints a
// line for each check; exits 1 if one fails. Some of them: `bundles.mjs esbuild`.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { startLocalService } from '../../dist/src/framework/local/index.js';
import { check, cleanEnv, expect, hasRegistry, install, must, pack, start, summary } from './checks.mjs';

const TOOLS = ['typescript@~6.0', '@types/node@20'];
const PEERS = ['reflect-metadata', 'tsyringe', 'class-validator', 'class-transformer'];
const ARN = 'arn:aws:states:eu-west-1:123456789012:activity:HelloWorld';

const WORKER = `import { IsNotEmpty, IsString } from 'class-validator';
import { Activity, createWorker, Handle, type TaskContext } from 'stepwright';
import { injectable } from 'tsyringe';

@injectable()
class Greeter {
  greet(who: string): string {
    return \`Hello \${who}!\`;
  }
}

class HelloInput {
  @IsString()
  @IsNotEmpty()
  who!: string;
}

class NoSuchPerson extends Error {}

@Activity('${ARN}')
class HelloWorld {
  constructor(private readonly greeter: Greeter) {}

  @Handle()
  async hello(input: HelloInput, task: TaskContext): Promise<{ message: string }> {
    task.log.info('greeting');
    if (input.who === 'nobody') throw new NoSuchPerson('nobody is there');
    return { message: this.greeter.greet(input.who) };
  }
}

@Activity('${ARN}Long', { heartbeat: '1s' })
class Long {
  @Handle({ input: 'any' })
  async wait(input: object): Promise<object> {
    await new Promise((resolve) => setTimeout(resolve, 11_000));
    return input;
  }
}

async function main(): Promise<void> {
  const worker = await createWorker(
    { activities: [HelloWorld, Long], endpoint: process.env['ENDPOINT'] as never, run: process.env['RUN'] as never, healthPort: 0 },
    { module: 'file:///worker.config.js' },
  );
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  await worker.run({ signal: stop.signal });
  console.log('it has ended');
}

main().catch((error: Error) => {
  console.log(error.message);
  process.exitCode = 1;
});
`;

const ROLLUP = `import { nodeResolve } from '@rollup/plugin-node-resolve';
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';

export default {
  input: 'js/worker.js',
  output: { file: 'out/rollup/worker.mjs', format: 'esm', inlineDynamicImports: true },
  plugins: [
    nodeResolve({ preferBuiltins: true, exportConditions: ['node'] }),
    commonjs({ ignore: ['node:sqlite'] }),
    json(),
  ],
  onwarn: () => {},
};
`;

const WEBPACK = `import { resolve } from 'node:path';

export default {
  mode: 'production',
  target: 'node20',
  entry: './js/worker.js',
  optimization: { minimize: false },
  output: { path: resolve('out/webpack'), filename: 'worker.cjs' },
};
`;

const RSPACK = `import { resolve } from 'node:path';

export default {
  mode: 'production',
  target: 'node20',
  entry: './js/worker.js',
  optimization: { minimize: false },
  output: { path: resolve('out/rspack'), filename: 'worker.cjs' },
};
`;

const VITE = `export default {
  logLevel: 'error',
  ssr: { noExternal: true },
  build: { ssr: 'js/worker.js', outDir: 'out/vite', target: 'node20', minify: false, rollupOptions: { output: { entryFileNames: 'worker.mjs' } } },
};
`;

/** The bundlers, each with its command, the file that it writes, and its packages. */
const ESBUILD = ['esbuild@~0.28'];
const BUNDLES = {
  'esbuild, ESM': [
    `npx esbuild js/worker.js --bundle --platform=node --format=esm --outfile=out/esm/worker.mjs --banner:js="import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);"`,
    'out/esm/worker.mjs',
    ESBUILD,
  ],
  'esbuild, CommonJS, minified with kept names': [
    'npx esbuild js/worker.js --bundle --platform=node --format=cjs --minify --keep-names --outfile=out/cjs/worker.cjs',
    'out/cjs/worker.cjs',
    ESBUILD,
  ],
  rollup: [
    'npx rollup -c',
    'out/rollup/worker.mjs',
    ['rollup@4', ...['node-resolve@16', 'commonjs@29', 'json@6'].map((name) => `@rollup/plugin-${name}`)],
  ],
  webpack: ['npx webpack', 'out/webpack/worker.cjs', ['webpack@5', 'webpack-cli@6']],
  Rspack: ['npx rspack build', 'out/rspack/worker.cjs', ['@rspack/core@2', '@rspack/cli@2']],
  Vite: ['npx vite build', 'out/vite/worker.mjs', ['vite@8']],
  ncc: ['npx ncc build js/worker.js -o out/ncc', 'out/ncc/index.js', ['@vercel/ncc@~0.45']],
};

function makeProject(dir, tools) {
  const project = join(dir, 'project');
  mkdirSync(project);
  const write = (name, text) => writeFileSync(join(project, name), text);
  write('package.json', '{ "name": "bundled", "type": "module", "private": true }\n');
  write('worker.ts', WORKER);
  write(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: {
        target: 'es2022',
        module: 'nodenext',
        outDir: 'js',
        rootDir: '.',
        strict: true,
        skipLibCheck: true,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        types: ['node'],
      },
      include: ['worker.ts'],
    }),
  );
  write('rollup.config.js', ROLLUP);
  write('webpack.config.js', WEBPACK);
  write('rspack.config.mjs', RSPACK);
  write('vite.config.mjs', VITE);
  const tarball = pack(dir);
  install(project, [tarball, ...PEERS, ...TOOLS, ...tools]);
  must('npx tsc', { cwd: project });
  return project;
}

/** Runs a bundle where there are no packages: a task that succeeds, a bad input, a failure by its name, and a stop. */
async function runApart(dir, name, file) {
  const away = join(dir, 'away', name.replaceAll(/\W+/g, '-'));
  cpSync(join(file, '..'), away, { recursive: true });
  const local = await startLocalService({ port: 0 });
  const [machine, longMachine] = [ARN, `${ARN}Long`].map((activity) => {
    local.seedActivity(activity);
    const states = { Work: { Type: 'Task', Resource: activity, HeartbeatSeconds: 4, End: true } };
    const definition = JSON.stringify({ StartAt: 'Work', States: states });
    return local.seedMachine({ name: activity.split(':').at(-1), definition });
  });
  const ask = async (operation, body) => {
    const headers = { 'x-amz-target': `AWSStepFunctions.${operation}` };
    return (await fetch(local.url, { method: 'POST', headers, body: JSON.stringify(body) })).json();
  };
  const outcome = async (input, stateMachineArn = machine) => {
    const { executionArn } = await ask('StartExecution', { stateMachineArn, input: JSON.stringify(input) });
    for (;;) {
      const { status, output, error } = await ask('DescribeExecution', { executionArn });
      if (status !== 'RUNNING') return output ?? error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const worker = start(`exec ${process.execPath} ${basename(file)}`, {
    cwd: away,
    env: { ...cleanEnv, ENDPOINT: local.url, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
  });
  try {
    await worker.saw(/worker is running/);
    const long = outcome({}, longMachine);
    const outcomes = [
      await outcome({ who: 'hoge' }),
      await outcome({}),
      await outcome({ who: 'nobody' }),
      await long,
    ];
    const expected = ['{"message":"Hello hoge!"}', 'Stepwright.InvalidInput', 'NoSuchPerson', '{}'];
    expect(outcomes.join() === expected.join(), `it answered ${outcomes.join()}\n${worker.log()}`);
    const code = await worker.stop('SIGTERM');
    expect(code === 0, `it ended with ${code}\n${worker.log()}`);
    expect(worker.log().includes('it has ended'), worker.log());
    const threads = start(`exec ${process.execPath} ${basename(file)}`, {
      cwd: away,
      env: { ...cleanEnv, ENDPOINT: local.url, RUN: 'thread' },
    });
    try {
      await threads.saw(/with is missing, as in a bundle/);
    } finally {
      await threads.stop('SIGKILL');
    }
  } finally {
    await worker.stop('SIGKILL');
    await local.close();
  }
}

if (hasRegistry('bundles')) {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-bundles-'));
  try {
    const wanted = process.argv.slice(2);
    const bundles = Object.entries(BUNDLES).filter(
      ([name]) => wanted.length === 0 || wanted.some((each) => name.startsWith(each)),
    );
    const project = makeProject(dir, new Set(bundles.flatMap(([, [, , packages]]) => packages)));
    for (const [name, [command, file]] of bundles) {
      await check(`${name}: a bundle takes a task, away from node_modules, and stops in order`, async () => {
        must(command, { cwd: project });
        // A bundle may know where its parts were when it was made.
        renameSync(join(project, 'node_modules'), join(dir, 'hidden'));
        try {
          await runApart(dir, name, join(project, file));
        } finally {
          renameSync(join(dir, 'hidden'), join(project, 'node_modules'));
        }
      });
    }
  } finally {
    if (process.env.KEEP) console.log(dir, readdirSync(dir).join());
    else rmSync(dir, { recursive: true, force: true });
  }
  summary('bundles');
}
