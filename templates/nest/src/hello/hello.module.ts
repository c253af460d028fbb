import { Module } from '@nestjs/common';
import { Greeter } from './greeter';
import { HelloWorldActivity } from './hello-world.activity';

@Module({ providers: [Greeter, HelloWorldActivity] })
export class HelloModule {}
