import type { Problem } from '../../base/errors.js';

/** Returns the problem that another `start`, `local` or `dev` already listens on the port. */
export const portTakenByStepwright = (port: number): Problem => ({
  code: 'PORT_IN_USE',
  where: `port ${port}`,
  what: 'another Stepwright (start, local or dev) serves its local Step Functions there',
  fix: `stop that one (Ctrl-C in its terminal); or let this worker use it: the same command with AWS_ENDPOINT_URL_SFN=http://127.0.0.1:${port} before it; or choose another port: --port ${port + 1}`,
});
