// The DTO of HelloWorld, as a loop without a framework checks it: the same rules, by class-validator itself.
import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { IsNotEmpty, IsString, validateOrReject } from 'class-validator';

class HelloInput {
  who;
}

for (const rule of [IsString(), IsNotEmpty()]) rule(HelloInput.prototype, 'who');

export async function check(input) {
  const dto = plainToInstance(HelloInput, input);
  await validateOrReject(dto, { whitelist: true, forbidUnknownValues: true });
  return dto;
}
