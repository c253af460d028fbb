import { expect, test } from '@jest/globals';
import { EvaluationThreads } from '../../src/framework/asl/jsonata/evaluator.js';

/** The outcome of an expression in a thread that runs this code. */
async function outcomeIn(code: string): Promise<object> {
  const threads = new EvaluationThreads(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
  const job = { sources: ['1'], bindings: {}, now: 0, random: 0 };
  const result = await new Promise<object>((resolve) => threads.evaluate(job, {}, resolve));
  threads.close();
  return result;
}

test.each([
  ["throw new Error('gone')", 'could not be evaluated, because its thread has ended: Error: gone'],
  [
    'const f = () => f() + 1; f()',
    'threw an error during evaluation: Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive',
  ],
])('an expression whose thread ends by %s says so', async (code, reason) => {
  expect(await outcomeIn(code)).toEqual({ failed: 0, reason });
});
