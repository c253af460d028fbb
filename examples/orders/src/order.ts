import { Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsInt,
  IsNotEmpty,
  IsString,
  Min,
  ValidateNested,
} from 'class-validator';

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
  // Goods are kept by order and SKU: a second line of one SKU would be taken for a second try of the first.
  @ArrayUnique((item?: Item) => item?.sku)
  @ValidateNested({ each: true })
  @Type(() => Item)
  items!: Item[];
}

/** What an order costs, in cents. */
export const totalOf = ({ items }: Order): number =>
  items.reduce((sum, { count, price }) => sum + count * price, 0);
