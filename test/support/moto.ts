import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';

/** A server of moto, an implementation of AWS that is not ours. */
export interface Moto {
  readonly url: string;
  stop(): Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill();
  });

/**
 * Its server, which takes one request at a time. With threads, as it comes, another request may get in between the look
 * at a condition and the write.
 */
const SERVER = `
import sys
from werkzeug.serving import run_simple
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
run_simple('127.0.0.1', int(sys.argv[1]), DomainDispatcherApplication(create_backend_app), threaded=False)
`;

/** Starts moto: python3-moto with its server. Undefined where it is not installed. */
export async function startMoto(): Promise<Moto | undefined> {
  const port = await freePort();
  const child = spawn('python3', ['-c', SERVER, String(port)], { stdio: 'ignore' });
  const state = { ended: false };
  child.on('exit', () => (state.ended = true));
  child.on('error', () => (state.ended = true));
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 300 && !state.ended; i++) {
    if (await answers(url)) return { url, stop: () => end(child) };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill();
  return undefined;
}

/** Says loudly that tests were not run. */
export const skipped = (what: string): void => console.error(`##### SKIPPED: ${what} is not installed #####`);
