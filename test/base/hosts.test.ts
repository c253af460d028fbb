import { expect, test } from '@jest/globals';
import { isHostIn, isLoopback } from '../../src/framework/base/hosts.js';

test.each(['localhost', 'a.b.localhost', '127.0.0.1', '127.8.8.8', '::1', '[::1]'])(
  '%s is this machine',
  (host) => expect(isLoopback(host)).toBe(true),
);

test.each([
  '',
  'localhost.example.com',
  'notlocalhost',
  '127.example.com',
  '127.0.0.1.example.com',
  '10.0.0.1',
])("'%s' is another machine", (host) => expect(isLoopback(host)).toBe(false));

test('a list of hosts has names, and domains with all names below them', () => {
  const hosts = ['API.test', '*.example.com'];
  const known = ['api.test', 'a.example.com', 'a.b.example.com'];
  const other = ['b.api.test', 'example.com', 'badexample.com'];
  expect([...known, ...other].filter((host) => isHostIn(hosts, host))).toEqual(known);
});
