import { expect, test } from '@jest/globals';
import { ErrorName } from 'stepwright';
import { discover } from '../../src/framework/declare/discovery/discovery.js';

test.each([
  ['States.Timeout', 'ERROR_NAME_RESERVED', 'Stepwright.'],
  ['Stepwright.InvalidInput', 'ERROR_NAME_RESERVED', 'States.'],
  ['', 'ERROR_NAME_INVALID', '1 to 256'],
  ['x'.repeat(257), 'ERROR_NAME_INVALID', '1 to 256'],
])('@ErrorName(%j) is refused at start', (name, code, words) => {
  @ErrorName(name)
  class Declined extends Error {}
  const { problems } = discover([], {});
  expect(problems).toContainEqual(expect.objectContaining({ code, where: '@ErrorName on Declined' }));
  expect(problems.map(({ what }) => what).join('\n')).toContain(words);
  expect(new Declined()).toBeInstanceOf(Error);
});
