import { singleton } from 'tsyringe';

/** Sends mail by the interface of a provider. */
@singleton()
export class Mail {
  async send(to: string, text: string): Promise<void> {
    await fetch(`${process.env['MAIL_URL']}`, { method: 'POST', body: JSON.stringify({ to, text }) });
  }
}
