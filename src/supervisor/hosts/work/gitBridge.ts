/** Lets git here talk to git on a host: git starts our bridge program, and this window passes its bytes on. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline, Transform } from 'node:stream';
import * as v from 'valibot';
import { ChannelError, type Channel } from '../../../common/channels/channel';
import { Multiplexer } from '../../../common/channels/multiplexer';
import { parseJson } from '../../../common/lines/jsonLimits';
import { settledWithin } from '../../../common/settledWithin';
import { temporaryAddress } from '../../runnerProtocol/privateSocket';
import type { HostProcess } from '../../system/hostConnection';
import { BRIDGE_ADDRESS_VARIABLE, BRIDGE_NONCE_VARIABLE, type BridgeRequest, type GitService } from './bridgeProtocol';

const MAX_ERROR_CHARACTERS = 16 * 1024;
/** For the last words of a program there, after git here has ended. */
const LAST_WORDS_LIMIT_MS = 2_000;

const requestSchema: v.GenericSchema<unknown, BridgeRequest> = v.object({ nonce: v.string(), service: v.string() });

export interface BridgeOptions {
  /** Starts the service there; it belongs to the bridge. */
  start: () => HostProcess;
  service: GitService;
  /** Of what comes home; more ends the program there. */
  maxBytes: number;
  /** The folder of Corral's bundles. */
  bundles: string;
}

/** A way for one git here to one program on a host, for one use. */
export class GitBridge {
  /** What git takes for the address of the repository there. */
  readonly url: string;
  /** What that git needs in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #options: BridgeOptions;
  readonly #nonce: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isTaken = false;
  #bytesHome = 0;
  #far: HostProcess | undefined;
  #farText = '';
  #failure: unknown;

  private constructor(options: BridgeOptions, address: string) {
    this.#options = options;
    this.#nonce = randomBytes(32).toString('hex');
    this.#server = createServer((socket) => this.#serve(socket));
    this.#server.on('error', () => undefined);
    this.url = extAddress([process.execPath, join(options.bundles, 'gitBridge.js')]);
    this.environment = {
      GIT_ALLOW_PROTOCOL: 'ext',
      ELECTRON_RUN_AS_NODE: '1',
      NODE_OPTIONS: '', // those of this process are for the editor's Node
      [BRIDGE_ADDRESS_VARIABLE]: address,
      [BRIDGE_NONCE_VARIABLE]: this.#nonce,
    };
  }

  /** Listens on a socket that only this user reaches. */
  static async open(options: BridgeOptions): Promise<GitBridge> {
    const address = await temporaryAddress('git');
    const bridge = new GitBridge(options, address);
    try {
      // While git starts here. A push's service takes a turn there, which must not wait for the turn of git here.
      if (options.service === 'upload-pack') bridge.#start();
      bridge.#server.listen(address);
      await once(bridge.#server, 'listening');
      return bridge;
    } catch (error) {
      bridge.close();
      throw error;
    }
  }

  /** What has come home so far. */
  get bytesHome(): number {
    return this.#bytesHome;
  }

  get isTooMuch(): boolean {
    return this.#bytesHome > this.#options.maxBytes;
  }

  /** Why the program there did not come to its end, such as a lost link; undefined where it did. */
  get failure(): unknown {
    return this.#failure;
  }

  /** What the program there said on stderr, once it has said the last. */
  async lastWords(): Promise<string> {
    const stderr = this.#far?.stderr;
    if (stderr?.closed === false) await settledWithin(once(stderr, 'close'), LAST_WORDS_LIMIT_MS);
    return this.#farText;
  }

  /** Ends what still runs, here and there. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#far?.stdout.destroy();
  }

  #start(): HostProcess {
    const far = this.#options.start();
    this.#far = far;
    far.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#farText = (this.#farText + text).slice(-MAX_ERROR_CHARACTERS);
    });
    far.stderr.on('error', () => undefined);
    far.ended.catch((error: unknown) => (this.#failure = error));
    return far;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const link = new Multiplexer({
      input: socket,
      output: socket,
      side: 'host',
      onChannel: (channel) => {
        if (this.#isTaken || !this.#isOurs(channel.request)) link.close();
        else this.#join(channel);
      },
    });
  }

  #isOurs(bytes: Buffer): boolean {
    const request = v.safeParse(requestSchema, parseJson(bytes.toString('utf8'))?.json);
    if (!request.success || request.output.service !== this.#options.service) return false;
    const [given, expected] = [Buffer.from(request.output.nonce), Buffer.from(this.#nonce)];
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  #startedFar(): HostProcess | undefined {
    try {
      return this.#far ?? this.#start();
    } catch (error) {
      this.#failure = error;
      return undefined;
    }
  }

  #join(channel: Channel): void {
    this.#isTaken = true;
    const far = this.#startedFar();
    if (far === undefined || far.stdout.destroyed) {
      channel.destroy(); // the link was lost, or the program could not be started
      return;
    }
    const { maxBytes } = this.#options;
    const counting = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.#bytesHome += chunk.length;
        if (this.#bytesHome > maxBytes) done(new ChannelError('TOO_LARGE', `More than ${maxBytes} bytes came`));
        else done(null, chunk);
      },
    });
    pipeline(far.stdout, counting, channel, () => undefined);
    pipeline(channel, far.stdin, () => undefined);
  }
}

/** Git splits such an address at spaces, and takes what follows a percent sign for one of its own words. */
export function extAddress(argv: readonly string[]): string {
  return `ext::${argv.map((word) => word.replaceAll('%', '%%').replaceAll(' ', '% ')).join(' ')}`;
}
