// npm run approve -- ORDER, npm run refuse -- ORDER: writes down what a person has decided about an order.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , decision, order] = process.argv;
if (!order) {
  console.error('Which order? For example: npm run approve -- o-2');
  process.exit(1);
}
mkdirSync('decisions', { recursive: true });
writeFileSync(join('decisions', `${encodeURIComponent(order)}.txt`), `${decision}\n`);
console.log(`${order} is ${decision}`);
