import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Random } from './random.js';

const HEAD = 'POST / HTTP/1.1\r\nhost: 127.0.0.1\r\n';
const target = (operation: string): string => `x-amz-target: AWSStepFunctions.${operation}\r\n`;
const POLL = JSON.stringify({ activityArn: 'arn:aws:states:us-east-1:123456789012:activity:Idle' });
/** A whole request. */
const request = (operation: string, body: string): string =>
  `${HEAD}${target(operation)}content-length: ${body.length}\r\n\r\n${body}`;

/** The bytes of connections that ask for much, or that are left open in the middle of a request. */
const KINDS: ((random: Random) => string)[] = [
  () => '',
  () => HEAD,
  (random) => `${HEAD}x: ${'x'.repeat(random.below(100_000))}`,
  (random) => HEAD + 'x: y\r\n'.repeat(random.below(10_000)),
  (random) =>
    `${HEAD}${target('CreateActivity')}content-length: 4100000\r\n\r\n${' '.repeat(random.below(4_000_000))}`,
  (random) =>
    `${HEAD}${target('CreateActivity')}transfer-encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(random.below(50_000))}`,
  (random) => request('ListActivities', '{}').repeat(random.below(1_000)),
  (random) => request('GetActivityTask', POLL).repeat(1 + random.below(50)),
  (random) => 'GET / HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n'.repeat(random.below(10)),
  (random) => '\u0000\u00ff\r\n'.repeat(random.below(10_000)),
];

/** Opens up to fifty connections of one kind, and closes them when it is called again, or not at all. */
export class Connections {
  #open: Socket[] = [];

  constructor(
    private readonly port: number,
    private readonly random: Random,
  ) {}

  async disturb(): Promise<void> {
    for (const socket of this.#open) if (this.random.below(2) === 0) socket.destroy();
    this.#open = this.#open.filter(({ destroyed }) => !destroyed).slice(-100);
    const make = KINDS[this.random.below(KINDS.length)] ?? (() => '');
    const bytes = make(this.random);
    for (let count = this.random.below(50); count >= 0; count--) {
      const socket = connect(this.port, '127.0.0.1');
      socket.on('error', () => socket.destroy());
      socket.resume();
      this.#open.push(socket);
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
      if (!socket.destroyed) socket.write(bytes);
    }
  }

  close(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
