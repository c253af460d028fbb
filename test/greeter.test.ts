import { expect, test } from '@jest/globals';
import { Greeter } from '../src/activities/greeter.js';

test.each([
  ['hoge', 'Hello hoge!'],
  ['', 'Hello !'],
])('greets %j', (who, message) => {
  expect(new Greeter().greet(who)).toBe(message);
});
