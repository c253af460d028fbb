import { expect, test } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { nestContainer } from 'stepwright/nestjs';
import { createTestBed } from 'stepwright/testing';
import { Greeter } from './greeter';
import { HelloWorldActivity } from './hello-world.activity';

test('greets by its greeter', async () => {
  const nest = await Test.createTestingModule({
    providers: [HelloWorldActivity, { provide: Greeter, useValue: { greet: (who: string) => `Hi ${who}` } }],
  }).compile();
  const bed = await createTestBed(HelloWorldActivity, { container: nestContainer(nest) });

  expect(await bed.run({ who: 'Ann' })).toEqual({ status: 'succeeded', output: { message: 'Hi Ann' } });
  expect(await bed.run({ who: '' })).toMatchObject({ error: 'Stepwright.InvalidInput' });
});
