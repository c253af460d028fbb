// npm's stepfunctions-local, started from code as its README says, in a process of its own that ends with its parent.
import { Server } from 'node:net';
import stepfunctionsLocal from 'stepfunctions-local';

// It listens on every interface there is; nobody but the benchmark has any business with it.
// oxlint-disable-next-line typescript/unbound-method -- it is called with its own `this`
const { listen } = Server.prototype;
Server.prototype.listen = function (port, callback) {
  return listen.call(this, port, '127.0.0.1', () => {
    callback?.();
    process.send({ answer: `http://127.0.0.1:${this.address().port}` });
  });
};
stepfunctionsLocal.start({ port: 0, region: 'us-east-1' });

process.on('message', () => {
  globalThis.gc();
  process.send({ answer: process.memoryUsage().heapUsed });
});
process.on('disconnect', () => process.exit(0));
