import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A server of moto, an implementation of AWS that is not ours. */
export interface Moto {
  readonly url: string;
  stop(): Promise<void>;
}

const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill();
  });

/**
 * Its server, which prints the port that it has, and takes one request at a time. With threads, as it comes, another
 * request may get in between the look at a condition and the write.
 */
const SERVER = `
from werkzeug.serving import make_server
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
server = make_server('127.0.0.1', 0, DomainDispatcherApplication(create_backend_app), threaded=False)
print(server.port, flush=True)
server.serve_forever()
`;

/** Starts moto: python3-moto with its server. Undefined where it is not installed. */
export async function startMoto(): Promise<Moto | undefined> {
  const child = spawn('python3', ['-c', SERVER], { stdio: ['ignore', 'pipe', 'ignore'] });
  child.on('error', () => {});
  for await (const port of createInterface({ input: child.stdout }))
    return { url: `http://127.0.0.1:${port}`, stop: () => end(child) };
  return undefined;
}

/** Says loudly that tests were not run. */
export const skipped = (what: string): void => console.error(`##### SKIPPED: ${what} is not installed #####`);
