import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { DeleteActivityCommand } from '@aws-sdk/client-sfn';
import { afterEach, expect, test } from '@jest/globals';
import type { Config } from 'stepwright';
import { activity, holding } from '../../support/work.js';
import { ARN, useWorld, type WorkerWorld } from '../../support/world.js';

const world = useWorld();
const { faults } = world;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A way to the service that can be taken away: nobody listens there then. */
async function way(to: string): Promise<{ readonly url: string; readonly cut: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(new URL(to).port), '127.0.0.1');
    for (const [from, on] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {}).once('close', () => on.destroy());
      from.pipe(on);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const cut = async (): Promise<void> => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  closing.push(cut);
  return { url: `http://127.0.0.1:${port}`, cut };
}

interface Seen {
  readonly status: number;
  readonly reasons: readonly string[];
}

async function ready({ log }: WorkerWorld): Promise<Seen> {
  const [, url = ''] = log.flatMap(({ msg }) => /Health: (http:\S+)\//.exec(String(msg)) ?? []);
  const answer = await fetch(`${url}/ready`);
  const { reasons } = (await answer.json()) as { reasons: string[] };
  return { status: answer.status, reasons };
}

/** Looks every five seconds. @returns what was seen, each time that the status changed; at last, what is. */
async function watch(w: WorkerWorld, seconds: number, first: Seen): Promise<Seen[]> {
  const seen = [first];
  for (let at = 0; at < seconds; at += 5) {
    const now = await ready(w);
    if (now.status !== seen.at(-1)?.status) seen.push(now);
    await world.clock.advance(5_000);
  }
  return [...seen.slice(0, -1), await ready(w)];
}

interface Trouble {
  readonly what: string;
  /** The reason that the page gives; none where it stays ready. */
  readonly reason?: string;
  readonly config?: Config;
  readonly begin: (w: WorkerWorld, cut: () => Promise<void>) => unknown;
}

const stubborn = holding({ concurrency: 1, timeout: '10s' });

test.each<Trouble>([
  { what: 'its polls are answered', begin: () => {} },
  {
    what: 'a blip comes and goes',
    begin: () => faults.once('GetActivityTask', { kind: 'reset-before' }, { kind: 'status', status: 500 }),
  },
  {
    what: 'the activity is deleted',
    reason: 'its polls are refused: the activity does not exist (ActivityDoesNotExist)',
    begin: () => world.client.send(new DeleteActivityCommand({ activityArn: ARN })),
  },
  {
    what: 'nobody listens at the endpoint any more',
    reason: 'its polls are unreachable: nothing listens there (ECONNREFUSED)',
    begin: (_, cut) => cut(),
  },
  {
    what: 'the endpoint takes every poll and answers none',
    reason: 'its polls are unreachable: nothing is answered (TimeoutError)',
    begin: () => faults.always('GetActivityTask', { kind: 'black-hole' }),
  },
  {
    what: 'the credentials are refused',
    reason: 'its polls are refused: the credentials are refused (UnrecognizedClientException)',
    begin: () => faults.always('GetActivityTask', { kind: 'error', error: 'UnrecognizedClientException' }),
  },
  {
    what: 'its slots are held by tasks that have ended',
    reason: 'no slot is left for a task: held 1 by handlers that ignore their signal',
    config: { activities: [stubborn.type] },
    begin: () => world.execute(world.machine(ARN)),
  },
])('/ready where $what: it changes once at most, and says why', async ({ reason, config, begin }) => {
  const { url, cut } = await way(world.service.url);
  world.machine(ARN);
  const work = { activities: [activity(() => 1)], endpoint: url, healthPort: 0, grace: '0s' };
  const w = await world.worker({ ...work, ...config });
  await world.clock.advance(3_000);
  const first = await ready(w);
  expect(first).toEqual({ status: 200, reasons: [] });
  await begin(w, cut);
  const then = reason === undefined ? [] : [{ status: 503, reasons: [`Work.run: ${reason}`] }];
  expect(await watch(w, 200, first)).toEqual([first, ...then]);
});
