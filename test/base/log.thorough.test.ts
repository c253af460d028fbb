import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, createReadStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';

const LOG = pathToFileURL(resolve('dist/src/framework/base/log/log.js')).href;
const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a process that only logs to standard output, a pipe that is not read yet. */
function logging(
  script: string,
  stdout: 'pipe' | number = 'pipe',
): {
  child: ChildProcess;
  ended: Promise<unknown[]>;
  said: (word: string) => Promise<void>;
} {
  const code = `import { createLog } from '${LOG}';\nconst say = (word) => process.stderr.write(word + '\\n');\n${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['pipe', stdout, 'pipe'],
  });
  running.add(child);
  let stderr = '';
  const errors = child.stderr;
  if (!errors) throw new Error('it has no stderr');
  errors.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').finally(() => running.delete(child));
  const said = async (word: string): Promise<void> => {
    while (!stderr.includes(`${word}\n`)) await once(errors, 'data');
  };
  return { child, ended, said };
}

/** The lines of its stdout, from now on. */
function lines(child: ChildProcess): {
  readonly text: () => string;
  readonly parsed: () => Record<string, unknown>[];
} {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return {
    text: () => text,
    parsed: () =>
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const MANY = 5_000;
/** Less than is kept. */
const WHOLE = 3_500;
/** More than is kept of a log that can't be written, in one breath or with turns of the event loop. */
const flood = (between = '', lines = MANY): string =>
  `for (let i = 0; i < ${lines}; i++) { log.info({ i, filler: 'x'.repeat(2000) }, 'a line'); ${between} }`;
const TURN = 'if (i % 20 === 0) await new Promise(setImmediate);';

describe('a log to standard output', () => {
  test('is whole when the process exits at once', async () => {
    const { child, ended } = logging(
      `const log = createLog(); for (let i = 0; i < 1000; i++) log.info({ i }, 'a line'); process.exit(3);`,
    );
    const { parsed } = lines(child);
    expect(await ended).toEqual([3, null]);
    expect(new Set(parsed().map(({ i }) => i)).size).toBe(1000);
  });

  test('is whole where much is written at once and the process ends by itself', async () => {
    const { child, ended } = logging(`const log = createLog(); ${flood('', WHOLE)}`);
    const { parsed } = lines(child);
    expect(await ended).toEqual([0, null]);
    expect(parsed().map(({ i }) => i)).toEqual(Array.from({ length: WHOLE }, (_, i) => i));
  });

  test.each([
    ['by itself', '', 0],
    ['when it is told to', 'process.exit(3)', 3],
  ])('lets the process end %s where its reader is gone', async (_, exit, code) => {
    const { child, ended } = logging(
      `await new Promise((go) => process.stdin.once('data', go)); process.stdin.destroy();
       const log = createLog(); log.info('written behind the back'); log.info('left for the end'); ${exit}`,
    );
    child.stdout?.destroy();
    child.stdin?.write('go');
    expect(await ended).toEqual([code, null]);
  });

  test.each([false, true])('never waits for a reader that does not read (pretty: %s)', async (pretty) => {
    const { ended, said } = logging(
      `const log = createLog({ pretty: ${pretty} }); ${flood(TURN)} log.fatal('the last'); say('went on'); process.exit(3);`,
    );
    await said('went on');
    expect(await ended).toEqual([3, null]);
  });

  test('drops lines beyond its limit, and logs their number when it can be written again', async () => {
    const { child, ended, said } = logging(
      `const log = createLog(); ${flood(TURN)} say('full');
       process.stdin.on('data', () => log.info('later')).on('end', () => process.exit(0));`,
    );
    await said('full');
    const { text, parsed } = lines(child);
    const saw = async (part: string): Promise<void> => {
      while (!text().includes(part)) await once(child.stdout ?? child, 'data');
    };
    await saw('are lost');
    child.stdin?.write('go on');
    await saw('later');
    child.stdin?.end();
    await ended;
    const [told, later, ...more] = parsed().filter(({ i }) => i === undefined);
    expect(told).toMatchObject({
      level: 'warn',
      why: 'EAGAIN',
      msg: expect.stringMatching(/^lines of the log are lost/),
    });
    expect([later?.['msg'], more]).toEqual(['later', []]);
    const written = parsed().flatMap(({ i }) => (i === undefined ? [] : [i]));
    expect(written).toEqual(Array.from(written, (_, at) => at));
    expect(written.length + Number(told?.['lost'])).toBe(MANY);
  });

  test('is tried again where it is full, and goes on with a reader that comes later', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-log-'));
    const path = join(dir, 'pipe');
    execFileSync('mkfifo', [path]);
    const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, constants.O_WRONLY);
    const { said } = logging(
      `const log = createLog(); ${flood(TURN)} say('full'); setInterval(() => log.info({ filler: 'x'.repeat(3000) }, 'later'), 10);`,
      writer,
    );
    closeSync(first);
    closeSync(writer);
    await said('full');
    let text = '';
    for await (const chunk of createReadStream(path, 'utf8')) {
      text += chunk;
      if (/"why":"EPIPE","msg":"lines of the log are lost[^\n]*\n.*"msg":"later"/.test(text)) break;
    }
    expect(text).toContain('"i":0,');
    rmSync(dir, { recursive: true });
  });
});
