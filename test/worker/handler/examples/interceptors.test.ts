import { expect, test } from '@jest/globals';
import { IsString } from 'class-validator';
import { injectable } from 'tsyringe';
import { Activity, ActivityFailure, Handle, type InterceptedTask, type Interceptor, Retry } from 'stepwright';
import { createTestBed } from 'stepwright/testing';

class Document {
  @IsString() id!: string;
  @IsString() owner!: string;
}

@injectable()
class Metrics {
  count(what: string): void {
    console.log(what);
  }
}

@injectable()
class Counting implements Interceptor {
  constructor(private readonly metrics: Metrics) {}

  async intercept({ context }: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
    const result = await next();
    this.metrics.count(`${context.handler} succeeded`);
    return result;
  }
}

class OwnersOnly implements Interceptor {
  async intercept({ input }: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
    if (input instanceof Document && input.owner !== 'me') {
      throw new ActivityFailure('Forbidden', 'this is not yours');
    }
    return next();
  }
}

class CountedMetrics extends Metrics {
  readonly counts = new Map<string, number>();

  override count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}

@Activity('scan', { interceptors: [Counting] })
class Scans {
  @Handle({ interceptors: [OwnersOnly] })
  scan({ id }: Document): string {
    return `scanned ${id}`;
  }
}

test('around every task of a class, and of a method', async () => {
  const metrics = new CountedMetrics();
  const bed = await createTestBed(Scans, { mocks: [[Metrics, metrics]] });
  expect(await bed.run({ id: '7', owner: 'me' })).toMatchObject({ output: 'scanned 7' });
  expect(await bed.run({ id: '7', owner: 'you' })).toMatchObject({ error: 'Forbidden' });
  expect([...metrics.counts]).toEqual([['Scans.scan succeeded', 1]]);
});

@Activity('upload')
class Uploads {
  @Handle({ interceptors: [Retry({ attempts: 3, delay: '50ms', maxDelay: '1s' })] })
  upload({ id }: Document): string {
    return `uploaded ${id}`;
  }
}

test('the ready ones', async () => {
  const bed = await createTestBed(Uploads);
  expect(await bed.run({ id: '7', owner: 'me' })).toMatchObject({ output: 'uploaded 7' });
});

test('global ones come from the config, or from the options of a bed', async () => {
  const metrics = new CountedMetrics();
  const bed = await createTestBed(Uploads, { interceptors: [Counting], mocks: [[Metrics, metrics]] });
  await bed.run({ id: '7', owner: 'me' });
  expect(metrics.counts.get('Uploads.upload succeeded')).toBe(1);
});
