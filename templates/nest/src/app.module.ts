import { Module } from '@nestjs/common';
import { StepwrightModule } from 'stepwright/nestjs';
import { HelloModule } from './hello/hello.module';

// In production the tasks are those of AWS, otherwise those of the local service. AWS_ENDPOINT_URL_SFN overrides both.
const endpoint = process.env.NODE_ENV === 'production' ? 'aws' : 'local';

@Module({ imports: [HelloModule, StepwrightModule.forRoot({ endpoint })] })
export class AppModule {}
