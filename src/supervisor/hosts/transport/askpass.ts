/** Lets ssh ask a person for a password or a passphrase: ssh starts our askpass program, and this window asks. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import * as v from 'valibot';
import { Multiplexer } from '../../../common/channels/multiplexer';
import { parseJson } from '../../../common/lines/jsonLimits';
import { temporaryAddress } from '../../runnerProtocol/privateSocket';
import type { AskPerson } from '../../system/hostConnection';
import { ASKPASS_ADDRESS_VARIABLE, ASKPASS_NONCE_VARIABLE, type AskpassQuestion } from './askpassProtocol';

const MAX_PROMPT_CHARACTERS = 2_000;
/** Questions that only a terminal should answer: whether a new key is trusted, and what an agent wants confirmed. */
const CONFIRMATION = /\(yes\/no/i;

const questionSchema: v.GenericSchema<unknown, AskpassQuestion> = v.object({
  nonce: v.string(),
  prompt: v.pipe(v.string(), v.maxLength(MAX_PROMPT_CHARACTERS)),
});

/** ssh takes the path of one program. The answer stays out of arguments, environments and files. */
const SCRIPT =
  '#!/bin/sh\nELECTRON_RUN_AS_NODE=1 NODE_OPTIONS= exec "$CORRAL_ASKPASS_NODE" "$CORRAL_ASKPASS_PROGRAM" "$1"\n';

/** A way for one ssh to ask. */
export class Askpass {
  /** What that ssh needs in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #ask: AskPerson;
  readonly #nonce = randomBytes(32).toString('hex');
  readonly #script: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #closing = new AbortController();
  #isRefused = false;

  private constructor(ask: AskPerson, address: string, bundles: string) {
    this.#ask = ask;
    this.#script = `${address}.sh`;
    this.#server = createServer((socket) => this.#serve(socket));
    this.#server.on('error', () => undefined);
    this.environment = {
      SSH_ASKPASS: this.#script,
      SSH_ASKPASS_REQUIRE: 'force',
      [ASKPASS_ADDRESS_VARIABLE]: address,
      [ASKPASS_NONCE_VARIABLE]: this.#nonce,
      CORRAL_ASKPASS_NODE: process.execPath,
      CORRAL_ASKPASS_PROGRAM: join(bundles, 'askpass.js'),
    };
  }

  /** Listens on a socket that only this user reaches. */
  static async open(ask: AskPerson, bundles: string): Promise<Askpass> {
    const address = await temporaryAddress('ask');
    const askpass = new Askpass(ask, address, bundles);
    await writeFile(askpass.#script, SCRIPT, { mode: 0o700, flag: 'wx' });
    askpass.#server.listen(address);
    await once(askpass.#server, 'listening');
    return askpass;
  }

  /** True where a person gave no answer. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await rm(this.#script, { force: true });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const link = new Multiplexer({
      input: socket,
      output: socket,
      side: 'host',
      onChannel: (channel) => {
        channel.resume();
        void this.#answer(channel.request).then((answer) => {
          if (answer === undefined) link.close();
          else channel.end(`${answer}\n`);
        });
      },
    });
  }

  /** Undefined where ssh is to give up. */
  async #answer(request: Buffer): Promise<string | undefined> {
    const question = v.safeParse(questionSchema, parseJson(request.toString('utf8'))?.json);
    if (!question.success || !this.#isOurs(question.output.nonce)) return undefined;
    const { prompt } = question.output;
    // ssh asks again where it got no answer.
    if (this.#isRefused || CONFIRMATION.test(prompt)) return undefined;
    const answer = await this.#ask(prompt, this.#closing.signal).catch(() => undefined);
    this.#isRefused = answer === undefined && !this.#closing.signal.aborted;
    return answer;
  }

  #isOurs(nonce: string): boolean {
    const [given, expected] = [Buffer.from(nonce), Buffer.from(this.#nonce)];
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}
