import { IsInt, IsNotEmpty, IsString, Max, Min } from 'class-validator';
import { Activity, Handle } from '../framework/index.js';

export class ThumbnailInput {
  /** The path of a PNG, JPEG, GIF or BMP file. */
  @IsString() @IsNotEmpty() source!: string;
  /** The path of the file to write, whose extension gives the format. */
  @IsString() @IsNotEmpty() target!: string;
  @IsInt() @Min(1) @Max(4_096) width!: number;
}

/** Makes a small picture in a thread of its own, in JavaScript alone. */
@Activity('arn:aws:states:ap-northeast-1:123456789012:activity:ThumbnailActivity', { run: 'thread' })
export class ThumbnailActivity {
  @Handle()
  async make({ source, target, width }: ThumbnailInput): Promise<{ width: number; height: number }> {
    // Imported here, so that only the thread that needs it loads it.
    const { Jimp } = await import('jimp');
    const image = await Jimp.read(source);
    image.resize({ w: width });
    await image.write(target as `${string}.${string}`);
    return { width: image.width, height: image.height };
  }
}
