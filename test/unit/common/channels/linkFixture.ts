import type { Readable, Writable } from 'node:stream';
import { PassThrough } from 'node:stream';
import type { Channel } from '../../../../src/common/channels/channel';
import { Multiplexer, type MultiplexerOptions } from '../../../../src/common/channels/multiplexer';

type Ends = Partial<Pick<MultiplexerOptions, 'heartbeatMs' | 'onSilence'>>;

/** Two multiplexers with a stream of bytes between them in each direction. */
export class TestLink {
  readonly toHost: PassThrough;
  readonly toClient: PassThrough;
  readonly client: Multiplexer;
  readonly host: Multiplexer;
  readonly #accepted: Channel[] = [];
  readonly #wanted: ((channel: Channel) => void)[] = [];

  constructor({ client = {}, host = {} }: { client?: Ends; host?: Ends } = {}, toClient = new PassThrough()) {
    this.toHost = new PassThrough();
    this.toClient = toClient;
    this.client = new Multiplexer({ input: toClient, output: this.toHost, side: 'client', ...client });
    this.host = new Multiplexer({
      input: this.toHost,
      output: toClient,
      side: 'host',
      onChannel: (channel) => {
        const wanted = this.#wanted.shift();
        if (wanted === undefined) this.#accepted.push(channel);
        else wanted(channel);
      },
      ...host,
    });
  }

  /** The host's end of the channel that the client opened next. */
  async accept(): Promise<Channel> {
    const accepted = this.#accepted.shift();
    return accepted ?? (await new Promise((resolve) => this.#wanted.push(resolve)));
  }

  /** Both ends of a new channel. */
  async open(request = ''): Promise<[client: Channel, host: Channel]> {
    const client = this.client.open(Buffer.from(request));
    return [client, await this.accept()];
  }

  close(): void {
    this.client.close();
    this.host.close();
  }
}

/** Everything until the stream's end. */
export async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Bytes of which no two stretches are alike. */
export function testBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0, value = seed; index < length; index++) {
    value = (Math.imul(value, 1_103_515_245) + 12_345) >>> 0;
    bytes[index] = value >>> 16;
  }
  return bytes;
}

/** Writes until the stream asks to wait, and says how many bytes it took. */
export function fill(stream: Writable, chunk: Buffer): number {
  let bytes = chunk.length;
  while (stream.write(chunk)) bytes += chunk.length;
  return bytes;
}
