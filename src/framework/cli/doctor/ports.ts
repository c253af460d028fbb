import { connect } from 'node:net';
import { showAddress, type Address } from '../../config/address.js';
import { query } from '../../aws/queries/query.js';
import { isLocalService } from '../../worker/build/end-polls.js';
import { portTakenByStepwright } from '../local/port-taken.js';
import { portInUse } from '../../worker/health/serve-health.js';
import type { Clock } from '../../base/time/clock.js';
import { type Finding, fault, type Look, ok, warning } from './finding.js';

const LIMIT_MS = 2_000;
/** The addresses that mean all networks of this machine. Whatever listens there also answers on the loopback. */
const EVERYWHERE = new Set(['0.0.0.0', '::']);

/**
 * Checks that nothing listens on the port of the local service that the command `start` would start. A local service of
 * Stepwright there is a warning, since it may be one that the user wants to use.
 */
export async function lookAtLocalPort(port: number, clock: Clock): Promise<Finding> {
  const look: Look = { check: 'port', subject: `port ${port}`, expected: 'a port on which nothing listens' };
  if (port === 0) return ok(look, 'the system chooses a free one');
  if (!(await isTaken({ host: '127.0.0.1', port }, clock))) return ok(look, 'nothing listens there');
  if (await isLocalService(`http://127.0.0.1:${port}`)) {
    const { what, fix } = portTakenByStepwright(port);
    return warning(look, what, fix);
  }
  const { what, fix } = portInUse(port, '--port', 'port');
  return fault(look, what, fix);
}

/**
 * Checks that nothing listens on the health port. A worker of Stepwright there is a warning, since it may be the worker
 * that is examined.
 */
export async function lookAtHealthPort(address: Address, clock: Clock): Promise<Finding> {
  const { port } = address;
  const look: Look = {
    check: 'port',
    subject: `health port ${showAddress(address)}`,
    expected: 'a port on which nothing listens',
  };
  if (port === 0) return ok(look, 'the system chooses a free one');
  const host = EVERYWHERE.has(address.host) ? '127.0.0.1' : address.host;
  if (!(await isTaken({ host, port }, clock))) return ok(look, 'nothing listens there');
  const { what, fix } = portInUse(port, '--health-port', 'healthPort');
  if (await isWorker(`http://${showAddress({ host, port })}/status`, clock))
    return warning(look, 'a worker answers there: a second one with this port can not start', fix);
  return fault(look, what, fix);
}

function isTaken(address: Address, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    const settle = (taken: boolean): void => {
      cancel();
      socket.destroy();
      resolve(taken);
    };
    const cancel = clock.after(LIMIT_MS, () => settle(false));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

async function isWorker(url: string, clock: Clock): Promise<boolean> {
  try {
    const status = await query(clock, async (signal) => (await fetch(url, { signal })).json(), LIMIT_MS);
    return typeof status === 'object' && status !== null && 'handlers' in status;
  } catch {
    return false;
  }
}
