import { Type } from 'class-transformer';
import { ArrayNotEmpty, IsArray, IsInt, IsNotEmpty, IsString, Min, ValidateNested } from 'class-validator';

export class Item {
  @IsString()
  @IsNotEmpty()
  sku!: string;

  @IsInt()
  @Min(1)
  count!: number;

  /** In cents, for one. */
  @IsInt()
  @Min(0)
  price!: number;
}

export class Order {
  @IsString()
  @IsNotEmpty()
  id!: string;

  @IsString()
  @IsNotEmpty()
  customer!: string;

  @IsString()
  @IsNotEmpty()
  card!: string;

  @IsArray()
  @ArrayNotEmpty()
  @ValidateNested({ each: true })
  @Type(() => Item)
  items!: Item[];
}

/** What an order costs, in cents. */
export const totalOf = ({ items }: Order): number =>
  items.reduce((sum, { count, price }) => sum + count * price, 0);
