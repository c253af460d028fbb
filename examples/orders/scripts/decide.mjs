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
const told = await completions.succeed(order, { decision });
completions.close();
console.log(
  told === 'accepted' ? `${order} is ${decision}` : `${order} does not wait for a person (${told})`,
);
process.exitCode = told === 'accepted' ? 0 : 1;
