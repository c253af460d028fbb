import { expect } from '@jest/globals';
import { matchers, type StepwrightMatchers } from 'stepwright/testing';

expect.extend(matchers);

declare module 'expect' {
  // oxlint-disable-next-line typescript/no-empty-object-type -- this is how matchers are declared
  interface Matchers<R> extends StepwrightMatchers<R> {}
}
