import { IsInt, IsNotEmpty, IsString, Min } from 'class-validator';
import { Activity, Handle } from 'stepwright';
import { Warehouse } from '../warehouse.js';

export class Reservation {
  @IsString()
  @IsNotEmpty()
  order!: string;

  @IsString()
  @IsNotEmpty()
  sku!: string;

  @IsInt()
  @Min(1)
  count!: number;
}

export class Release {
  @IsString()
  @IsNotEmpty()
  order!: string;
}

/** One class, two activities: each handler has its own. */
@Activity('arn:aws:states:us-east-1:123456789012:activity:ReserveStock')
export class StockActivity {
  constructor(private readonly warehouse: Warehouse) {}

  @Handle({ throws: ['OutOfStock'] })
  reserve({ order, sku, count }: Reservation): { sku: string; count: number } {
    this.warehouse.reserve(order, sku, count);
    return { sku, count };
  }

  @Handle({ activity: 'arn:aws:states:us-east-1:123456789012:activity:ReleaseStock' })
  release({ order }: Release): void {
    this.warehouse.release(order);
  }
}
