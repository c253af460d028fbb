import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { nestContainer } from 'stepwright/nestjs';
import { createTestMachine } from 'stepwright/testing';
import { AppModule } from '../src/app.module';
import { HelloWorldActivity } from '../src/hello/hello-world.activity';

let app: TestingModule;
beforeEach(async () => {
  app = await Test.createTestingModule({ imports: [AppModule] }).compile();
  await app.init();
});
afterEach(() => app.close());

test('the state machine runs with the activities of the application', async () => {
  const machine = await createTestMachine('state-machines/HelloWorld.asl.json', {
    activities: [HelloWorldActivity],
    container: nestContainer(app),
  });

  expect(await machine.execute({ who: 'Ann' })).toMatchObject({
    status: 'succeeded',
    output: { message: 'Hello Ann!' },
  });
});
