import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as nap } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { HAS_TERMINALS } from '../../support/crash/streams.js';
import { answering, closeStandIns, handler, statusOf } from './stand-ins.js';

const MAIN = resolve('dist/src/framework/cli/main.js');
const [ENTER, LEAVE, HOME] = ['\u001B[?1049h', '\u001B[?1049l', '\u001B[H'];

const running = new Set<ChildProcess>();
afterEach(() => {
  closeStandIns();
  for (const each of running) each.kill('SIGKILL');
});

/** A `stepwright fleet` at a terminal of its own. */
class AtTerminal {
  readonly #child: ChildProcess;
  #text = '';
  readonly ended: Promise<number | null>;

  constructor(
    workers: readonly number[],
    size: { cols: number; rows: number },
    env: Record<string, string> = {},
  ) {
    const { PATH = '', HOME: home = '' } = process.env;
    // The shell tells how the terminal is set before and after, and survives the Ctrl-C that it is sent too.
    const command = `trap : INT; stty cols ${size.cols} rows ${size.rows}; tty; stty -g; "${process.execPath}" "${MAIN}" fleet --every 200ms --workers ${workers.join(',')}; code=$?; stty -g; exit $code`;
    this.#child = spawn('script', ['-qefc', command, '/dev/null'], {
      env: { PATH, HOME: home, TERM: 'xterm-256color', ...env },
    });
    running.add(this.#child);
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.#text += chunk.toString()));
    this.ended = new Promise((done) =>
      this.#child.on('close', (code) => {
        running.delete(this.#child);
        done(code);
      }),
    );
  }

  get text(): string {
    return this.#text;
  }

  /** The lines that the screen shows. */
  get screen(): string[] {
    const frame = this.#text.slice(this.#text.lastIndexOf(HOME) + HOME.length);
    return (
      stripVTControlCharacters(frame.slice(0, frame.includes(LEAVE) ? frame.indexOf(LEAVE) : undefined))
        .trimEnd()
        // The terminal adds a carriage return of its own.
        .split(/\r*\n/)
    );
  }

  /** How the terminal was set before, and after. */
  get settings(): string[] {
    return this.#text.replaceAll(LEAVE, '\n').match(/^[0-9a-f]+(?::[0-9a-f]+){10,}/gm) ?? [];
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  resize(cols: number, rows: number): void {
    const [tty = ''] = /\/dev\/pts\/\d+/.exec(this.#text) ?? [];
    execFileSync('stty', ['-F', tty, 'cols', String(cols), 'rows', String(rows)]);
  }

  /** Resolves when the screen, or all that was written, is as it should be. */
  async until(seen: () => boolean): Promise<void> {
    while (!seen()) {
      if (!running.has(this.#child)) throw new Error(`it ended with: ${this.#text}`);
      await new Promise((done) => this.#child.stdout?.once('data', done));
    }
  }
}

if (!HAS_TERMINALS)
  process.stderr.write(
    '\n*** The table of the fleet is NOT tested at a terminal: there is no `script` here ***\n\n',
  );

(HAS_TERMINALS ? describe : describe.skip)('at a terminal', () => {
  test('the table fits, also of 200 workers, follows the size, and leaves the terminal as it was', async () => {
    const ports: number[] = [];
    for (let n = 0; n < 200; n++) {
      const change = n === 150 ? { ready: false, reasons: ['no poll was answered yet'] } : {};
      ports.push(await answering(statusOf(`packing-${n}`, change)));
    }
    const fleet = new AtTerminal([...ports, 1], { cols: 80, rows: 24 });
    await fleet.until(() => fleet.screen.some((line) => line.startsWith('201 workers')));
    const small = fleet.screen;
    expect(small.length).toBeLessThanOrEqual(24);
    expect(small.filter((line) => line.length > 80)).toEqual([]);
    // Those that need a look come first.
    expect(small[1]).toMatch(/^127\.0\.0\.1:1 +nothing listens there \(ECONNREFUSED\)$/);
    expect(small[2]).toMatch(/ not ready /);
    const rows = small.filter((line) => line.includes(' running ')).length;
    expect(small).toContain(`… and ${201 - 2 - rows} more`);
    expect(small.join('\n')).toContain("1 can't be read, 1 not ready");
    fleet.resize(200, 50);
    await fleet.until(() => fleet.screen.length > 40);
    expect(fleet.screen[0]).toMatch(
      /^ADDRESS +WORKER +VERSION .* AT WORK +HELD BACK +PROTECTED +LONGEST TASK$/,
    );
    fleet.resize(40, 6);
    await fleet.until(() => fleet.screen.length <= 6);
    expect(fleet.screen.filter((line) => line.length > 40)).toEqual([]);
    expect(fleet.screen[1]).toMatch(/^127\.0\.0\.1:1 /);
    fleet.type('\u0003');
    expect(await fleet.ended).toBe(0);
    expect(fleet.text.split(ENTER)).toHaveLength(2);
    // The cursor is there again, and nothing is drawn on the screen that was there before.
    expect(fleet.text.split(LEAVE)).toHaveLength(2);
    expect(fleet.text.slice(fleet.text.indexOf(LEAVE))).not.toContain(HOME);
    expect(fleet.text.lastIndexOf('\u001B[?25h')).toBeGreaterThan(fleet.text.lastIndexOf('\u001B[?25l'));
    expect(fleet.settings).toHaveLength(2);
    expect(fleet.settings[1]).toBe(fleet.settings[0]);
  });

  test('Ctrl-Z gives the terminal back until it goes on', async () => {
    const fleet = new AtTerminal([await answering(statusOf('one'))], { cols: 100, rows: 10 });
    await fleet.until(() => fleet.screen.some((line) => line.includes(' one ')));
    const pid = Number(execFileSync('pgrep', ['-nf', `fleet --every 200ms`]).toString());
    fleet.type('\u001A');
    await fleet.until(() => fleet.text.includes(LEAVE));
    while (!/\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await nap(10);
    process.kill(pid, 'SIGCONT');
    await fleet.until(
      () => fleet.text.split(ENTER).length === 3 && fleet.screen.some((line) => line.includes(' one ')),
    );
    process.kill(pid, 'SIGTERM');
    expect(await fleet.ended).toBe(0);
    expect(fleet.text.split(LEAVE)).toHaveLength(3);
  });

  test.each([
    ['with colours', {}, true],
    ['without colours where NO_COLOR is set', { NO_COLOR: '1' }, false],
  ] as const)('what is out of order stands out %s', async (_, env, coloured) => {
    const held = handler({ paused: { by: 'control', since: 0 } });
    const fleet = new AtTerminal(
      [await answering(statusOf('one', { handlers: [held] })), 1],
      { cols: 100, rows: 10 },
      env,
    );
    await fleet.until(() => fleet.screen.some((line) => line.includes(' one ')));
    fleet.type('\u0003');
    expect(await fleet.ended).toBe(0);
    // eslint-disable-next-line no-control-regex
    const colours = fleet.text.match(/\u001B\[3\dm[^\u001B]*/g)?.map((each) => each.slice(2).trim()) ?? [];
    expect(colours.includes('33mpaused')).toBe(coloured);
    expect(colours.some((each) => each.startsWith('31mnothing listens there'))).toBe(coloured);
  });

  test('a terminal that can not move its cursor gets one table', async () => {
    const fleet = new AtTerminal(
      [await answering(statusOf('one'))],
      { cols: 100, rows: 10 },
      { TERM: 'dumb' },
    );
    expect(await fleet.ended).toBe(0);
    expect(fleet.text).toMatch(/ one .* running /);
    expect(fleet.text).not.toContain('\u001B');
  });
});
