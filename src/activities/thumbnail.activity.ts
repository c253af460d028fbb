import { IsInt, IsNotEmpty, IsString, Max, Min } from 'class-validator';
import { Activity, Handle } from '../framework/index.js';

export class ThumbnailInput {
  /** A PNG, JPEG, GIF or BMP file. */
  @IsString() @IsNotEmpty() source!: string;
  /** Where the thumbnail goes; its ending says in which format. */
  @IsString() @IsNotEmpty() target!: string;
  @IsInt() @Min(1) @Max(4_096) width!: number;
}

/** Work that computes, in a thread of its own: all that it needs is JavaScript. */
@Activity('arn:aws:states:ap-northeast-1:123456789012:activity:ThumbnailActivity', { run: 'thread' })
export class ThumbnailActivity {
  @Handle()
  async make({ source, target, width }: ThumbnailInput): Promise<{ width: number; height: number }> {
    // Loaded in the thread that needs it, and nowhere else.
    const { Jimp } = await import('jimp');
    const image = await Jimp.read(source);
    image.resize({ w: width });
    await image.write(target as `${string}.${string}`);
    return { width: image.width, height: image.height };
  }
}
