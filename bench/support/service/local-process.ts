import { startLocalService } from '../../../src/framework/local/index.js';

// The local service as `npx stepwright local` has it, and nothing else, in a process of its own that ends with its
// parent. Asked anything, it collects its garbage and says what is left in the heap.
const { url } = await startLocalService({ port: 0 });
process.on('message', () => {
  globalThis.gc?.();
  process.send?.({ answer: process.memoryUsage().heapUsed });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ answer: { url } });
