import { type Address, showAddress } from '../../config/address.js';
import type { NamedAddress } from './host-check.js';
import type { Logger } from '../../base/log/log.js';
import { type Problem, StartError } from '../../base/errors.js';
import { jsonPage, type Page, servePages } from './page-server.js';
import { answer, type HealthSource } from './health-pages.js';

/** A health port that is open. */
export interface Health {
  /**
   * The address that the server listens on. If the configured port was 0, it contains the port that the system has
   * chosen.
   */
  readonly address: Address;
  close(): void;
}

/**
 * Opens the health port. Resolves once it is open.
 * @param serve starts the HTTP server. Pass a function to run it in another thread, which can respond while this one is
 * blocked. @default this thread runs the server
 * @throws StartError if the server can't listen on the address
 */
export async function serveHealth(
  address: NamedAddress,
  source: HealthSource,
  log: Logger,
  serve: typeof servePages = servePages,
): Promise<Health> {
  // The thread asks for pages all the time. So if a page fails, that is logged only once until it succeeds again.
  const failing = new Set<string>();
  const answerOrSay = async (method: string, path: string): Promise<Page> => {
    try {
      const page = await answer(method, path, source);
      failing.delete(path);
      return page;
    } catch (error) {
      if (!failing.has(path)) log.error({ err: error, path }, 'a page of the health port could not be made');
      failing.add(path);
      return jsonPage(500, { error: 'this page could not be made: the log of the worker says why' });
    }
  };
  try {
    const { port, close } = await serve(address, answerOrSay);
    return { address: { ...address, port }, close };
  } catch (error) {
    throw explain(error as NodeJS.ErrnoException, address);
  }
}

const NOT_HERE = new Set(['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EACCES']);

function explain(error: NodeJS.ErrnoException, address: Address): Error {
  if (error.code === 'EADDRINUSE')
    return new StartError([portInUse(address.port, '--health-port', 'healthPort')]);
  if (error.code === undefined || !NOT_HERE.has(error.code)) return error;
  const problem: Problem = {
    code: 'CONFIG_BAD_VALUE',
    where: 'healthPort',
    what: `${showAddress(address)} can not be listened on: ${error.message}`,
    fix: "name an address of this machine, such as '0.0.0.0:8080', and a port that this user may open",
  };
  return new StartError([problem]);
}

export const portInUse = (port: number, flag: string, key: string): Problem => ({
  code: 'PORT_IN_USE',
  where: `port ${port}`,
  what: 'another process listens on it already',
  fix: `choose another port: ${flag} ${port + 1}, or \`${key}: ${port + 1}\` in the config; or stop that process (\`lsof -i :${port}\` names it)`,
});
