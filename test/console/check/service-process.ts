import { startLocalService } from 'stepwright/local';

/** A service in a process of its own, as a command runs it. Its URL goes to the parent. */
const service = await startLocalService({ port: 0, console: true });
const machine = service.seedMachine({
  name: 'Small',
  definition: JSON.stringify({
    StartAt: 'First',
    States: {
      First: { Type: 'Pass', Next: 'Second' },
      Second: { Type: 'Pass', Next: 'Done' },
      Done: { Type: 'Succeed' },
    },
  }),
});
process.send?.({ url: service.url, machine });
