import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Log } from '../../../common/log';
import { readdirIfExists } from '../../../common/readdirIfExists';
import { messageOf } from '../../../common/errors';
import { Throttle } from '../../../common/throttle';
import type { Aside } from '../../../storage/asides';
import { CorralError } from '../../../storage/errors';
import { isId, newId } from '../../../storage/ids';
import { makeDirectory, replaceFile } from '../../../storage/journal/durableFile';
import { workingAgent } from '../../../storage/sessionState';
import { configuredEnvironment, resolveAgent } from '../../agents/agentRegistry';
import { launchOf } from '../../agents/commandLine';
import { driverFor } from '../../agents/drivers';
import { findAgentFolder } from '../../lifecycle/agentFolder';
import { readBootstrap } from '../../runnerProtocol/bootstrapFile';
import { readClaim } from '../../runnerProtocol/claimFile';
import type { RunBootstrap } from '../../runnerProtocol/protocol';
import type { SessionModel } from '../../sessions/sessionModel';
import { nativeSession } from '../../sessions/summary';
import { killRun } from '../killRun';
import { STORY_END, storyOf } from '../prompts/transcript';
import { connectRunner } from '../runnerClient';
import { launchRunner } from '../runnerLauncher';
import { runnerProgram } from '../runnerProgram';
import { commonBootstrap, requireWorktree, type RunStarterOptions } from '../runStarter';
import { AsideReader } from './asideReader';

const READ_INTERVAL_MS = 200;
const CANCEL_LIMIT_MS = 5_000;

export interface AsidesOptions extends RunStarterOptions {
  model: SessionModel;
  log: Log;
}

/**
 * Questions beside the work of sessions, each answered by a process with a runner and a journal of its own.
 * It is no run: it waits in no queue and holds no slot.
 */
export class Asides {
  readonly #options: AsidesOptions;
  readonly #reader = new AsideReader();
  readonly #followers = new Map<string, Set<Throttle>>();

  constructor(options: AsidesOptions) {
    this.#options = options;
  }

  async list(id: string): Promise<Aside[]> {
    return await this.#reader.list(this.#options.store.paths.session(id));
  }

  /** Gives the asides now, and again each time that they change until `signal` is aborted. */
  async follow(id: string, signal: AbortSignal, onAsides: (asides: Aside[]) => void): Promise<void> {
    let last = '[]';
    const read = async (): Promise<void> => {
      const asides = await this.list(id);
      const text = JSON.stringify(asides);
      if (signal.aborted || text === last) return;
      last = text;
      onAsides(asides);
    };
    const onError = (error: unknown): void =>
      this.#options.log.warn(`Questions beside session ${id}: ${messageOf(error)}`);
    const throttle = new Throttle(READ_INTERVAL_MS, read, onError);
    const followers = this.#followers.get(id) ?? new Set();
    this.#followers.set(id, followers.add(throttle));
    const end = (): void => {
      throttle.dispose();
      followers.delete(throttle);
      if (followers.size === 0) this.#followers.delete(id);
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    await read().catch(onError);
  }

  /** Something was recorded of this session; the runners of asides ring its doorbell, too. */
  noteChange(id: string): void {
    for (const throttle of this.#followers.get(id) ?? []) throttle.ask();
  }

  /**
   * Asks the session's agent in a process that can change nothing, and gives the aside's id once that is started.
   * @throws CorralError CONFLICT while it answers another question, INVALID_ARGUMENT where the agent cannot,
   * WORKTREE_MISSING, AGENT_NOT_FOUND, RUNNER_START_FAILED
   */
  async ask(id: string, question: string): Promise<string> {
    const { store, model, settings, bundles, git, runProcess } = this.#options;
    const facts = model.facts(id);
    if ((await this.list(id)).some(({ state }) => state === 'answering'))
      throw new CorralError(
        'CONFLICT',
        l10n.t('The agent still answers your last question. Wait for that answer, or cancel it in the timeline.'),
      );
    const working = workingAgent(facts);
    const current = settings();
    const agent = await resolveAgent(working.name, {
      agents: current.agents,
      bundles,
      ...(working.argv === undefined ? {} : { argv: working.argv }),
    });
    const means = (await driverFor(agent.driver)).asides?.([agent.program, ...agent.programArguments]);
    if (means === undefined)
      throw new CorralError(
        'INVALID_ARGUMENT',
        l10n.t(
          'The agent “{agent}” cannot answer without being able to change files. Send it a message, or continue with another agent and ask that one.',
          { agent: working.name },
        ),
      );
    await requireWorktree(git, facts.worktreePath);
    const native = means === 'fork' ? nativeSession(facts)?.nativeSessionId : undefined;
    const told = native === undefined ? await store.index.query(id, 'conversation', {}) : [];
    const prompt =
      told.length === 0
        ? question
        : `This was said so far between a person and you, who work on the files in this folder:\n\n${storyOf(facts, told, 'You')}${STORY_END}${question}`;
    const asideId = newId();
    const paths = store.paths.session(id).aside(asideId);
    const chosenModel = working.model ?? agent.model;
    const cwd = await findAgentFolder(facts);
    const launch = await launchOf(agent, {
      ...{ prompt, promptFile: paths.prompt, cwd, permissionMode: 'ask', isAside: true },
      ...(chosenModel === undefined ? {} : { model: chosenModel }),
      ...(native === undefined ? {} : { resumes: native }),
    });
    const configured = configuredEnvironment(working.name, current.agents);
    const driverEnvironment = { ...agent.environment, ...launch.environment };
    const bootstrap: RunBootstrap = {
      ...commonBootstrap(this.#options, facts, asideId),
      ...{ agent: working.name, driver: agent.driver, argv: launch.argv, cwd, permissionMode: 'ask', prompt },
      environment: [...new Set([...Object.keys(configured), ...Object.keys(driverEnvironment)])],
      driverEnvironment,
      promptInArguments: launch.promptInArguments,
      aside: { question, askedAt: new Date().toISOString() },
      ...(chosenModel === undefined ? {} : { model: chosenModel }),
      ...(native === undefined ? {} : { resumes: native }),
    };
    // The mark comes first, so that no aside is ever missing from a search.
    await makeDirectory(store.paths.asides);
    await replaceFile(join(store.paths.asides, id), Buffer.alloc(0));
    await makeDirectory(paths.root);
    if (launch.usesPromptFile === true) await replaceFile(paths.prompt, Buffer.from(prompt));
    try {
      await launchRunner({
        runnerPath: `${bundles}/runner.js`,
        nodePath: await runnerProgram(current.runnerNode, runProcess),
        run: paths,
        bootstrap,
        environment: { ...process.env, ...configured, ...driverEnvironment },
      });
    } catch (error) {
      await rm(paths.root, { recursive: true, force: true });
      throw error;
    }
    this.noteChange(id);
    return asideId;
  }

  /** Ends the process that answers; what it has said stays. Does nothing where it has ended. */
  async cancel(id: string, asideId: string): Promise<void> {
    const paths = this.#options.store.paths.session(id).aside(asideId);
    const aside = (await this.list(id)).find((each) => each.id === asideId);
    if (aside?.state !== 'answering') return;
    const claim = await readClaim(paths);
    try {
      if (claim?.state !== 'claimed') throw new CorralError('RUNNER_UNREACHABLE', '');
      const { nonce } = await readBootstrap(paths);
      const client = await connectRunner({ endpoint: claim.endpoint, nonce, timeoutMs: CANCEL_LIMIT_MS });
      const ended = new Promise<void>((fulfil) => client.onClosed(() => fulfil()));
      await client.request('kill', {}, CANCEL_LIMIT_MS);
      await ended;
    } catch {
      await killRun(paths, asideId);
    }
    this.noteChange(id);
  }

  /** Cancels all questions of the session, since its worktree goes. */
  async cancelAll(id: string): Promise<void> {
    for (const { id: asideId, state } of await this.list(id))
      if (state === 'answering') await this.cancel(id, asideId).catch(() => undefined);
  }

  /** Ends what is left of those whose runner died. */
  async settle(): Promise<void> {
    for (const id of await this.sessions()) await this.list(id);
  }

  /** The sessions that were ever asked something beside their work. */
  async sessions(): Promise<string[]> {
    const { store, model } = this.#options;
    return (await readdirIfExists(store.paths.asides)).filter((id) => isId(id) && model.has(id));
  }

  dispose(): void {
    for (const followers of this.#followers.values()) for (const throttle of followers) throttle.dispose();
  }
}
