/* oxlint-disable typescript/no-extraneous-class -- the decorators are written onto an empty one */
import { Type } from 'class-transformer';
import { IsNumber, IsString } from 'class-validator';
import { Activity, Handle } from 'stepwright';
import { createTestBed, type TaskResult } from 'stepwright/testing';
import type { Constructor } from '../../../../src/framework/declare/class.js';
import { seen } from '../rows/row.js';

/** Makes a class as the compiler emits it: each field with its decorators and its declared type. */
export function dtoOf(fields: Readonly<Record<string, readonly [unknown, ...PropertyDecorator[]]>>) {
  class Dto {}
  for (const [name, [declared, ...decorators]] of Object.entries(fields)) {
    const all =
      declared === undefined ? decorators : [...decorators, Reflect.metadata('design:type', declared)];
    // tsc and swc call it like this for a property; the type of its parameter knows methods only.
    Reflect.decorate(all, Dto.prototype, name);
  }
  return Dto;
}

/** Runs a text through a handler. Returns its outcome and the input that the handler received. */
export async function taking(input: Constructor<object>): Promise<(json: string) => Promise<TaskResult>> {
  @Activity('taking')
  class Taking {
    @Handle({ input }) run(dto: object): unknown {
      return seen(dto);
    }
  }
  const bed = await createTestBed(Taking);
  return (json) => bed.runText(json);
}

export class Item {
  @IsString() name!: string;
}
export abstract class Shape {}
export class Circle extends Shape {
  @IsNumber() radius!: number;
}
export class Square extends Shape {
  @IsNumber() side!: number;
}

const discriminator = {
  property: 'kind',
  subTypes: [
    { name: 'circle', value: Circle },
    { name: 'square', value: Square },
  ],
};

/** `@Type` with a discriminator, for a declared base or a union. */
export const byKind = (base: Constructor<object>): PropertyDecorator => Type(() => base, { discriminator });
