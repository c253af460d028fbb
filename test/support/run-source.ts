import { expect } from '@jest/globals';
import { transformSync } from '@swc/core';
import * as testing from 'stepwright/testing';

type Test = () => Promise<void>;

/** Runs the source of a test. @throws what the test throws */
export async function runSource(source: string): Promise<void> {
  const { code } = transformSync(source, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
    isModule: true,
  });
  const tests: Test[] = [];
  const modules: Record<string, object> = {
    '@jest/globals': { expect, test: (_: string, fn: Test) => tests.push(fn) },
    'stepwright/testing': testing,
  };
  // oxlint-disable-next-line typescript/no-implied-eval -- the code under test is text
  new Function('require', 'exports', code)((name: string) => modules[name], {});
  expect(tests).toHaveLength(1);
  for (const each of tests) await each();
}
