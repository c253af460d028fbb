import { expect, test } from '@jest/globals';
import { injectable } from 'tsyringe';
import { createWorker, type ObservedWorker, type Observer, StartError } from 'stepwright';
import { activity } from '../../support/work.js';
import { ARN, useWorld } from '../../support/world.js';

const world = useWorld();

class Pager {
  readonly pages: string[] = [];
}

@injectable()
class PageOnFailure implements Observer {
  constructor(readonly pager: Pager) {}

  observe(worker: ObservedWorker): void {
    this.pager.pages.push(`observes ${worker.status().state}`);
    worker.on('state', ({ to }) => this.pager.pages.push(to));
    worker.on('task:failed', ({ error }) => this.pager.pages.push(error));
  }
}

test('a class named in the config is told of every event from the first state on', async () => {
  const pager = new Pager();
  const machine = world.machine(ARN);
  const fail = (): never => {
    throw new RangeError('no');
  };
  await world.worker({
    activities: [activity(fail)],
    observe: [PageOnFailure],
    setup: (container) => void container.registerInstance(Pager, pager),
  });
  await world.execute(machine);
  await world.clock.settle(() => pager.pages.length > 2);
  expect(pager.pages).toEqual(['observes created', 'running', 'RangeError']);
});

@injectable()
class Unresolved implements Observer {
  constructor(readonly url: string) {}

  observe(): void {}
}

class Throws implements Observer {
  async observe(): Promise<void> {
    throw new Error('the pager is not there');
  }
}

test('one that can not be made is a problem at start, and one that throws ends it', async () => {
  const start = (type: typeof Unresolved | typeof Throws): Promise<unknown> =>
    createWorker({ activities: [activity(() => 1)], endpoint: world.service.url, observe: [type] });
  const failed: unknown = await start(Unresolved).catch((error: unknown) => error);
  expect(failed instanceof StartError && failed.problems).toMatchObject([
    { code: 'DEPENDENCY_UNRESOLVED', where: 'Unresolved (observe)' },
  ]);
  await expect(start(Throws)).rejects.toThrow('the pager is not there');
});
