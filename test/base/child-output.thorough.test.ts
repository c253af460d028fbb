import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';

const CHILD_OUTPUT = pathToFileURL(resolve('dist/src/framework/base/log/child-output.js')).href;
const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a process that passes on the output of others. */
function passing(script: string): ChildProcess {
  const code = `import { ChildOutput } from '${CHILD_OUTPUT}';
    import { spawn } from 'node:child_process';
    import { PassThrough } from 'node:stream';
    ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.on('close', () => running.delete(child));
  return child;
}

async function textOf(child: ChildProcess, name: 'stdout' | 'stderr'): Promise<string> {
  let text = '';
  for await (const chunk of child[name] ?? []) text += String(chunk);
  return text;
}

const LINES = 60_000;
/** Writes more than all pipes hold, and waits as long as it is asked to. */
const writesTo = (name: string): string => `const write = async () => {
  for (let i = 0; i < ${LINES}; i++)
    if (!process.${name}.write(i + ' is a line of twenty to thirty\\n'))
      await new Promise((resolve) => process.${name}.once('drain', resolve));
};
void write();`;

test.each(['stdout', 'stderr'] as const)(
  'what a child writes to %s is read no faster than the reader takes it, and arrives whole',
  async (name) => {
    const other = name === 'stdout' ? 'stderr' : 'stdout';
    const child = passing(`
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(writesTo(name))}], { stdio: ['ignore', 'pipe', 'pipe'] });
      const output = new ChildOutput(child);
      let read = 0;
      child.${name}.on('data', (text) => { read += text.length; });
      child.${name}.once('pause', () => process.${other}.write('paused after ' + read + '\\n'));
      child.on('exit', () => output.readRest());`);
    const [said] = (await once(child[other] ?? child, 'data')) as [Buffer];
    const [, read] = /^paused after (\d+)$/m.exec(String(said)) ?? [];
    expect(Number(read)).toBeLessThan(2 * 2 ** 20);
    const lines = (await textOf(child, name)).split('\n');
    expect(lines).toEqual([
      ...Array.from({ length: LINES }, (_, i) => `${i} is a line of twenty to thirty`),
      '',
    ]);
  },
);

test('lines of several children are not mixed, also where one comes in parts', async () => {
  const child = passing(`
    const [one, other] = [new PassThrough(), new PassThrough()];
    for (const stdout of [one, other]) new ChildOutput({ stdout, stderr: null });
    const turn = () => new Promise(setImmediate);
    one.write('one ');
    await turn();
    other.write('other\\n');
    await turn();
    one.write('line\\nlast');
    await turn();
    one.end();`);
  expect(await textOf(child, 'stdout')).toBe('other\none line\nlast');
});
