/** The programs that run for a window, none of which outlives the link to it. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import type { Channel } from '../../common/channels/channel';
import { ChannelError } from '../../common/channels/channel';
import { messageOf } from '../../common/errors';
import { LEADS_GROUP, signalGroup } from '../../common/processes/processGroup';
import { settledWithin } from '../../common/settledWithin';
import { CorralError } from '../../storage/errors';
import type { HostRequestOf } from '../hostProtocol/hostProtocol';
import type { commandMessageSchema } from '../hostProtocol/hostProtocol';
import { decodeJson, encodeJson, killMessageSchema } from '../hostProtocol/hostProtocol';
import { identityOf } from '../system/identity';
import { killTree, RUN_ID_VARIABLE } from '../system/processTree';
import { withRepositoryLock } from './sessions/repositoryLock';
import type * as v from 'valibot';

/** From SIGTERM to SIGKILL where the window is gone. */
const GRACE_MS = 2_000;
const MAX_UNCLAIMED = 64;

export class Commands {
  readonly #running = new Set<Command>();
  /** Channels for stderr that no command has named yet, by their ids. */
  readonly #standardErrors = new Map<number, Channel>();

  addStandardError(channel: Channel): void {
    if (this.#standardErrors.size >= MAX_UNCLAIMED) {
      channel.destroy(new ChannelError('INVALID_REQUEST', 'No command has named the channels before'));
      return;
    }
    channel.resume(); // so that its other direction ends
    this.#standardErrors.set(channel.id, channel);
    channel.once('close', () => this.#standardErrors.delete(channel.id));
  }

  /** Starts the program once the environment is known, and the repository that it changes is free. */
  start(channel: Channel, request: HostRequestOf<'command'>, environment: Promise<unknown>): void {
    const standardError = this.#standardErrors.get(request.standardError);
    this.#standardErrors.delete(request.standardError);
    if (standardError === undefined) {
      channel.destroy(new ChannelError('INVALID_REQUEST', 'There is no channel for stderr'));
      return;
    }
    const early: Buffer[] = [];
    const waiting = channel.onMessage((message) => early.push(message));
    const run = async (): Promise<void> => {
      waiting.dispose();
      if (channel.destroyed) throw new Error('Nobody waits for it any more');
      const command = new Command(channel, standardError, request);
      for (const message of early) command.receive(message);
      this.#running.add(command);
      await command.ended;
      this.#running.delete(command);
    };
    const { repository } = request;
    environment
      .then(async () => await (repository === undefined ? run() : withRepositoryLock(repository, run)))
      .catch((error: unknown) => {
        // Such as arguments that are too long: Node throws what it does not tell by an event.
        const code = error instanceof CorralError ? error.code : 'NOT_STARTED';
        channel.destroy(new ChannelError(code, messageOf(error)));
        standardError.destroy();
      });
  }

  /** Settles when all of them are gone with what they started. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#running].map(async (command) => await command.end()));
  }
}

class Command {
  /** Settles when the program has ended, or was not started. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  /** By it, what left the program's group and tree is found. */
  readonly #mark = `host-${randomBytes(8).toString('hex')}`;
  #hasEnded = false;

  constructor(channel: Channel, standardError: Channel, { argv, cwd, environment }: HostRequestOf<'command'>) {
    const [program = '', ...parameters] = argv;
    const child = spawn(program, parameters, {
      cwd: cwd ?? homedir(),
      env: { ...process.env, ...environment, [RUN_ID_VARIABLE]: this.#mark },
      detached: LEADS_GROUP,
      windowsHide: true,
    });
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once('exit', (exitCode, signal) => {
        this.#hasEnded = true;
        channel.sendMessage(encodeJson(endMessage(exitCode, signal)));
        resolve();
      });
      child.once('error', ({ message }) => {
        if (child.pid !== undefined) return; // such as a signal that could not be sent
        this.#hasEnded = true;
        channel.destroy(new ChannelError('NOT_STARTED', message));
        standardError.destroy();
        resolve();
      });
    });
    channel.onMessage((message) => this.receive(message));
    channel.once('close', () => void this.end());
    channel.pipe(child.stdin);
    // What it does not read is no error, and must not hold up the channel's end.
    child.stdin.on('error', () => undefined).once('close', () => channel.unpipe(child.stdin).resume());
    child.stdout.pipe(channel, { end: false });
    // The channel ends after the message about the program's end, which would come too late otherwise.
    const drained = new Promise((resolve) => child.stdout.once('close', resolve));
    void Promise.all([this.ended, drained]).then(() => channel.end());
    child.stderr.pipe(standardError);
    standardError.once('close', () => child.stderr.resume());
  }

  receive(message: Buffer): void {
    const request = decodeJson(killMessageSchema, message);
    if (request?.kill === 'SIGKILL') void this.#kill();
    else if (request !== undefined && !this.#hasEnded) signalGroup(this.#child, request.kill);
  }

  /** Ends the program with all that it started, where it still runs. */
  async end(): Promise<void> {
    if (this.#hasEnded) return;
    signalGroup(this.#child, 'SIGTERM');
    await settledWithin(this.ended, GRACE_MS);
    await this.#kill();
  }

  async #kill(): Promise<void> {
    const { pid } = this.#child;
    if (pid === undefined) return;
    const agent = this.#hasEnded ? undefined : await identityOf(pid).catch(() => undefined);
    await killTree({ runId: this.#mark, agent, ...(LEADS_GROUP ? { group: pid } : {}) }).catch(() =>
      signalGroup(this.#child, 'SIGKILL'),
    );
  }
}

function endMessage(exitCode: number | null, signal: string | null): v.InferInput<typeof commandMessageSchema> {
  return { ended: { exitCode, signal } };
}
