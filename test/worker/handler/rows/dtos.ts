import { Exclude, Expose, Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsDate,
  IsEmail,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateIf,
  ValidateNested,
  registerDecorator,
  type ValidationOptions,
} from 'class-validator';

export class Hello {
  @IsString() @IsNotEmpty() who!: string;
}

export class Flat {
  @IsInt() @Min(1) @Max(10) count!: number;
  @IsNumber() price!: number;
  @IsBoolean() paid!: boolean;
  @IsOptional() @IsEmail() mail?: string;
}

export class Item {
  @IsString() @MinLength(2) name!: string;
  @IsNumber() @Min(0) price!: number;
}

export class Cart {
  @IsArray() @ArrayMaxSize(20) @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
}

/** Without `each`: class-validator goes through an array all the same. */
export class PlainCart {
  @ValidateNested() @Type(() => Item) items!: Item[];
}

export class Address {
  @IsString() city!: string;
}

export class Person {
  @ValidateNested() @Type(() => Address) address!: Address;
  @IsOptional() @ValidateNested() @Type(() => Person) boss?: Person;
}

export class Circle {
  @IsNumber() radius!: number;
}
export class Square {
  @IsNumber() side!: number;
}

const shapes = {
  property: 'kind',
  subTypes: [
    { name: 'circle', value: Circle },
    { name: 'square', value: Square },
  ],
};

export class Drawing {
  @ValidateNested() @Type(() => Object, { discriminator: shapes }) main!: Circle | Square;
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Object, { discriminator: shapes, keepDiscriminatorProperty: true })
  others?: (Circle | Square)[];
}

export class Dated {
  @IsDate() @Type(() => Date) at!: Date;
}

export class Mapped {
  @ValidateNested({ each: true }) @Type(() => Item) items!: Map<string, Item>;
}

export class Setted {
  @ValidateNested({ each: true }) @Type(() => Item) items!: Set<Item>;
}

export class Tags {
  @IsString({ each: true }) tags!: Set<string> | string[];
}

export class Loose {
  @IsObject() meta!: Record<string, unknown>;
  @Allow() anything?: unknown;
}

export class Renamed {
  @IsString() @Expose({ name: 'user_id' }) userId!: string;
}

export class Hidden {
  @IsString() name!: string;
  @IsOptional() @IsString() @Exclude() secret?: string;
}

export class Defaults {
  @IsInt() retries = 3;
  @Exclude() untouched = 'kept';
}

export class Transformed {
  @IsString()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  name!: string;
}

export class Huge {
  @Transform(({ value }: { value: string }) => BigInt(value)) @Allow() amount!: bigint;
}

class NoAmount extends Error {}

export class Amount {
  @Transform(() => {
    throw new NoAmount('secret');
  })
  @Allow()
  amount!: number;
}

export class Conditional {
  @IsIn(['card', 'cash']) kind!: string;
  @ValidateIf(({ kind }: Conditional) => kind === 'card') @IsString() number?: string;
}

export class Telling {
  @Matches(/^\d+$/, { message: '$property must be digits, not $value' }) code!: string;
}

export class Grouped {
  @IsString({ groups: ['create'] }) name!: string;
  @IsInt({ groups: ['update'] }) id!: number;
  @IsBoolean({ always: true }) paid!: boolean;
}

export class Base {
  @IsString() id!: string;
}
export class Derived extends Base {
  @IsInt() size!: number;
}

function Later(verdict: (value: unknown) => boolean | Promise<boolean>, options: ValidationOptions = {}) {
  return (object: object, propertyName: string): void =>
    registerDecorator({
      name: 'later',
      target: object.constructor,
      propertyName,
      options: { message: '$property is taken', ...options },
      validator: { validate: verdict },
    });
}

export class Unique {
  @Later(async (value) => value !== 'taken') @IsString() name!: string;
}

export class Unreachable {
  @Later(() => Promise.reject(new RangeError('no database'))) name!: string;
}

export class Setter {
  @IsString() plain!: string;
  #doubled = 0;
  @IsInt()
  set doubled(value: number) {
    if (value > 1_000) throw new TypeError(`can't double ${String(value)}`);
    this.#doubled = value * 2;
  }
  get doubled(): number {
    return this.#doubled;
  }
}

export class Sealed {
  @IsOptional() @IsObject() @Exclude() meta?: Record<string, unknown>;
  @IsOptional({ always: true }) @IsObject({ always: true }) @Expose({ groups: ['admin'] }) notes?: Record<
    string,
    unknown
  >;
}

@Exclude()
export class Closed {
  @IsOptional() @IsObject() meta?: Record<string, unknown>;
  @IsOptional() @IsObject() @Expose() open?: Record<string, unknown>;
}

export class Wide {
  @Transform(({ value }: { value: string }) => BigInt(value)) @IsString() amount!: string;
}

export class RawSetter {
  @IsObject()
  set meta(value: Record<string, unknown>) {
    throw new RangeError(`can't take ${Object.keys(value).length}`);
  }
}
