import { Hub } from './hub.js';

/** The shared worker, which all windows of a browser have in common. */
const hub = new Hub();

addEventListener('connect', (event) => {
  for (const port of (event as MessageEvent).ports) hub.add(port);
});
