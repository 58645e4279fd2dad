import type { Channel, ChannelError } from '../../common/channels/channel';
import { Multiplexer } from '../../common/channels/multiplexer';
import { oneLine } from '../../common/oneLine';
import { settledWithin } from '../../common/settledWithin';
import type { HostHello, HostRequest } from '../hostProtocol/hostProtocol';
import {
  decodeJson,
  encodeJson,
  HOST_PROTOCOL_VERSION,
  hostHelloSchema,
  MAX_ANSWER_BYTES,
} from '../hostProtocol/hostProtocol';
import type { Transport } from './transport/openTransport';
import type { TransportProcess } from './transport/transportProcess';

/** A link that is dead passes on no end. */
const CLOSING_LIMIT_MS = 5_000;

export interface LinkOptions {
  /** Of this program. */
  version: string;
  /** Gives up waiting for the host's first answer. */
  signal: AbortSignal;
  /** The host has said nothing for so long; 0 when it speaks again. */
  onSilence: (silentMs: number) => void;
  /** What channels end with, as their users see it. */
  errorOf: (error: ChannelError) => Error;
}

/** One connection to a host program, from its greeting to its end. */
export class HostLink {
  /** Settles with the reason when the link and the transport have ended. */
  readonly lost: Promise<string>;
  readonly #multiplexer: Multiplexer;

  private constructor(process: TransportProcess, multiplexer: Multiplexer) {
    this.#multiplexer = multiplexer;
    this.lost = multiplexer.closed.then(async (reason) => await endOf(process, reason));
  }

  /** @throws Error with the reason where the host program does not greet; the transport is ended then */
  static async open({ process }: Transport, options: LinkOptions): Promise<HostLink> {
    const multiplexer = new Multiplexer({ ...options, input: process.output, output: process.input, side: 'client' });
    const hello = await greet(multiplexer, options);
    if (hello?.protocol === HOST_PROTOCOL_VERSION) return new HostLink(process, multiplexer);
    multiplexer.close(
      hello === undefined
        ? 'the program there does not answer'
        : `the program there speaks protocol ${hello.protocol}, and this one ${HOST_PROTOCOL_VERSION}`,
    );
    throw new Error(await endOf(process, await multiplexer.closed));
  }

  /** True where nothing more can be asked over it. */
  get isClosed(): boolean {
    return this.#multiplexer.isClosed;
  }

  /** Opens a channel for the request. @throws ChannelError where the link is closed, or the request is too long */
  open(request: HostRequest): Channel {
    return this.#multiplexer.open(encodeJson(request));
  }

  close(reason?: string): void {
    this.#multiplexer.close(reason);
  }
}

/** Ends the transport. Resolves with what it said last, or else the reason of the link's end. */
async function endOf(process: TransportProcess, reason: string): Promise<string> {
  process.input.end();
  process.output.resume(); // so that its end is reached
  if (!(await settledWithin(process.ended, CLOSING_LIMIT_MS))) process.end();
  await process.ended;
  const said = process.errorText.trim().split('\n').at(-1) ?? '';
  return oneLine(said === '' ? reason : `${reason}: ${said}`);
}

/** The host's answer; undefined where it gives none that is understood. */
async function greet(multiplexer: Multiplexer, { version, signal }: LinkOptions): Promise<HostHello | undefined> {
  const channel = multiplexer.open(
    encodeJson({ request: 'hello', protocol: HOST_PROTOCOL_VERSION, version } satisfies HostRequest),
  );
  const giveUp = (): void => void channel.destroy();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    channel.end();
    return decodeJson(hostHelloSchema, await collect(channel, MAX_ANSWER_BYTES));
  } catch {
    return undefined;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** All bytes until the channel's end. @throws its error, and RangeError where there are more than `maxBytes` */
export async function collect(channel: Channel, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of channel as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) throw new RangeError(`The answer has more than ${maxBytes} bytes`);
  }
  return Buffer.concat(chunks);
}
