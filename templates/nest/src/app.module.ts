import { Module } from '@nestjs/common';
import { StepwrightModule } from 'stepwright/nestjs';
import { HelloModule } from './hello/hello.module';

@Module({ imports: [HelloModule, StepwrightModule.forRoot()] })
export class AppModule {}
