import { expect, test } from '@jest/globals';
import { packagesIn } from '../../src/framework/cli/local/project-answers.js';

test.each([
  ["Yarn's Plug'n'Play", true],
  ['folders of packages', false],
])('with %s, a package is there only if the project has it', (_, isPnp) => {
  const packages = packagesIn(process.cwd(), isPnp);
  expect(packages.has('@aws-sdk/client-sfn')).toBe(true);
  expect(packages.has('@aws-sdk/client-of-nothing')).toBe(false);
});
