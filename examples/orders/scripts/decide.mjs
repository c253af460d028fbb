// npm run approve -- ORDER [--port N], npm run refuse -- ORDER [--port N]: completes the approval of an order.
import { parseArgs } from 'node:util';
import { createCompletions } from 'stepwright';
import config from '../dist/nest-style.config.js';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { port: { type: 'string' } } });
const [decision, order] = positionals;
if (!order) {
  console.error('Which order? For example: npm run approve -- o-2');
  process.exit(1);
}
if (values.port) process.env.STEPWRIGHT_PORT = values.port;

const completions = await createCompletions(config, { baseDir: 'dist' });
const { status, decided } = await completions.succeed(order, { decision });
completions.close();
const why = { gone: 'it waits no longer', unknown: 'it does not wait for a person' }[status];
console.log(
  status === 'accepted'
    ? `${order} is ${decision}`
    : `${order}: ${why ?? `it was ${decided?.output?.decision} before`}`,
);
process.exitCode = status === 'accepted' ? 0 : 1;
