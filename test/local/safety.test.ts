import { request } from 'node:http';
import { expect, test } from '@jest/globals';
import { openBench, type Bench } from './service.js';

/** Returns the status of a call with given headers, which fetch would not send. */
function statusWith({ service }: Bench, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const call = request(service.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AWSStepFunctions.ListActivities', ...headers },
    });
    call.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    call.on('error', reject);
    call.end('{}');
  });
}

test.each<[headers: Record<string, string>, status: number]>([
  [{ host: 'localhost:8083' }, 200],
  [{ host: '127.0.0.1' }, 200],
  [{ host: '[::1]:8083' }, 200],
  [{ host: 'steps.test' }, 200],
  [{ host: 'STEPS.test:80' }, 200],
  [{ host: 'sync-localhost:8083' }, 200],
  [{ host: 'evil.example' }, 403],
  [{ host: 'localhost.evil.example' }, 403],
  [{ origin: 'http://localhost:3000' }, 403],
  [{ origin: 'http://localhost' }, 403],
  [{ origin: 'http://localhost:PORT' }, 200],
  [{ origin: 'http://steps.test:PORT' }, 200],
  [{ origin: 'https://steps.test:PORT' }, 403],
  [{ origin: 'file://localhost:PORT' }, 403],
  [{ origin: 'http://steps.test' }, 403],
  [{ origin: 'https://app.test' }, 200],
  [{ origin: 'https://app.test:444' }, 403],
  [{ origin: 'https://evil.example' }, 403],
  [{ origin: 'null' }, 403],
  [{ origin: 'file://localhost' }, 403],
])('a request with %j is answered %d', async (headers, status) => {
  const bench = await openBench({ allowHosts: ['steps.test'], allowOrigins: ['https://app.test'] });
  const sent = JSON.stringify(headers).replace('PORT', String(bench.service.port));
  expect(await statusWith(bench, JSON.parse(sent) as Record<string, string>)).toBe(status);
});
