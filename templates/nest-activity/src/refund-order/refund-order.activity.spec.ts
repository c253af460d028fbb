import { expect, test } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { nestContainer } from 'stepwright/nestjs';
import { createTestBed } from 'stepwright/testing';
import { RefundOrderActivity } from './refund-order.activity';

test('does its work, and refuses an input without an id', async () => {
  const nest = await Test.createTestingModule({ providers: [RefundOrderActivity] }).compile();
  const bed = await createTestBed(RefundOrderActivity, { container: nestContainer(nest) });

  expect(await bed.run({ id: '7' })).toEqual({ status: 'succeeded', output: { id: '7' } });
  expect(await bed.runText('{}')).toMatchObject({ status: 'failed', error: 'Stepwright.InvalidInput' });
});
