import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';

const dir = mkdtempSync(join(tmpdir(), 'stepwright-lint-'));
afterAll(() => rmSync(dir, { recursive: true }));

const FLOATING = `async function report(): Promise<void> {}
export function stop(): void {
  report();
}
`;

function lint(source: string): { stdout: string; status: number | null } {
  const config = JSON.parse(readFileSync('.oxlintrc.json', 'utf8')) as Record<string, unknown>;
  writeFileSync(join(dir, '.oxlintrc.json'), JSON.stringify({ ...config, ignorePatterns: [] }));
  writeFileSync(
    join(dir, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { target: 'es2022', strict: true } }),
  );
  writeFileSync(join(dir, 'planted.ts'), source);
  return spawnSync(resolve('node_modules/.bin/oxlint'), [], { cwd: dir, encoding: 'utf8' });
}

test('the lint finds a floating promise: its type-aware rules are on', () => {
  expect(lint(FLOATING)).toMatchObject({
    status: 1,
    stdout: expect.stringContaining('no-floating-promises'),
  });
  expect(lint(FLOATING.replace('  report()', '  void report()'))).toMatchObject({ status: 0 });
}, 30_000);

test('the lint finds a private member that is reached by its name, and a field that is never changed', () => {
  const source = `class Loop {
  #polls = 1;
  constructor(private readonly port: string) {}
  show = (): string => this.port + String(this.#polls);
}
export const port = new Loop('a')['port'];
`;
  const { stdout } = lint(source);
  expect(stdout).toContain('dot-notation');
  expect(stdout).toContain('prefer-readonly');
  expect(
    lint(source.replace("['port']", '.show()').replace('#polls = 1', 'readonly #polls = 1')),
  ).toMatchObject({
    status: 0,
  });
}, 30_000);

/** Matches a name that the compiler put in place of a member's: `_a: {`, `._a`, `Charge_1: 5`. */
const RENAMED = /(?:^|[{,])\s*(?:_[a-z]|[A-Z]\w*_\d+): |\._[a-z]\b(?!\w)/m;

test('the compiler renames no member of an object', () => {
  // TypeScript 7.0 does, in a class with a member of an object that is named like the class. Jest compiles by swc.
  expect(RENAMED.test('return { Charge_1: 5 };')).toBe(true);
  expect(RENAMED.test('return {\n  _a: {\n')).toBe(true);
  expect(RENAMED.test('const part = new _a(body);\n_a = Checker;')).toBe(false);
  const files = readdirSync('dist/src', { recursive: true, encoding: 'utf8' }).filter((each) =>
    each.endsWith('.js'),
  );
  expect(files.length).toBeGreaterThan(400);
  expect(files.filter((each) => RENAMED.test(readFileSync(join('dist/src', each), 'utf8')))).toEqual([]);
});
