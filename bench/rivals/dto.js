// The DTO of HelloWorld, as a loop without a framework checks it: the same rules, by class-validator itself.
import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { IsNotEmpty, IsNumber, IsOptional, IsString, validateOrReject } from 'class-validator';

class HelloInput {
  who;
  sleepMs;
}

for (const rule of [IsString(), IsNotEmpty()]) rule(HelloInput.prototype, 'who');
for (const rule of [IsOptional(), IsNumber()]) rule(HelloInput.prototype, 'sleepMs');

export async function check(input) {
  const dto = plainToInstance(HelloInput, input);
  await validateOrReject(dto, { whitelist: true, forbidUnknownValues: true });
  return dto;
}
