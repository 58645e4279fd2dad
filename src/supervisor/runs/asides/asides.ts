import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Log } from '../../../common/log';
import { readdirIfExists } from '../../../common/readdirIfExists';
import { messageOf } from '../../../common/errors';
import { Throttle } from '../../../common/throttle';
import { type Aside, usageOfAsides } from '../../../storage/asides';
import { CorralError } from '../../../storage/errors';
import { isId, newId } from '../../../storage/ids';
import { makeDirectory, replaceFile } from '../../../storage/journal/durableFile';
import { workingAgent } from '../../../storage/sessionState';
import type { SessionFacts } from '../../../storage/sessionFacts';
import type { AskTimeline } from '../../../storage/timelineQueries';
import { configuredEnvironment, resolveAgent } from '../../agents/agentRegistry';
import { launchOf } from '../../agents/commandLine';
import { driverFor } from '../../agents/drivers';
import { findAgentFolder, requireWorktree } from '../../lifecycle/agentFolder';
import { readBootstrap } from '../../runnerProtocol/bootstrapFile';
import { readClaim } from '../../runnerProtocol/claimFile';
import type { RunBootstrap } from '../../runnerProtocol/protocol';
import type { SessionModel } from '../../sessions/sessionModel';
import { requireHere } from '../../sessions/sessionErrors';
import { nativeSession } from '../../sessions/summary';
import { killRun } from '../killRun';
import { connectRunner } from '../runnerClient';
import { commonBootstrap, type RunStarterOptions } from '../runStarter';
import { asidePrompt } from './asidePrompt';
import { runBudget } from '../budget/runBudget';
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
    const { store, model } = this.#options;
    const asides = await this.#reader.list(store.paths.session(id));
    if (asides.length > 0 && model.has(id)) model.setAsideUsage(id, usageOfAsides(asides));
    return asides;
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

  /** Why the session's own agent cannot be asked, in a sentence; undefined where it can. */
  async problem(id: string): Promise<string | undefined> {
    return await this.#answerer(this.#options.model.facts(id)).then(() => undefined, messageOf);
  }

  /**
   * Asks the session's agent, or the one named `other`, in a process that can change nothing, and gives the aside's id
   * once that is started.
   * @throws CorralError CONFLICT while it answers another question, INVALID_ARGUMENT where the agent cannot,
   * WORKTREE_MISSING, AGENT_UNKNOWN, AGENT_NOT_FOUND, RUNNER_START_FAILED
   */
  async ask(id: string, question: string, other?: string): Promise<string> {
    const { store, model, settings, git, launcher } = this.#options;
    const facts = model.facts(id);
    if ((await this.list(id)).some(({ state }) => state === 'answering'))
      throw new CorralError(
        'CONFLICT',
        l10n.t('The agent still answers your last question. Wait for that answer, or cancel it in the timeline.'),
      );
    const current = settings();
    const { name, agent, isOwn, means } = await this.#answerer(facts, other);
    await requireWorktree(git, facts.worktreePath);
    const native = isOwn && means !== 'transcript' ? nativeSession(facts)?.nativeSessionId : undefined;
    const askTimeline: AskTimeline = async (query, parameters) => await store.index.query(id, query, parameters);
    const prompt =
      native !== undefined && means === 'fork' ? question : await asidePrompt(askTimeline, facts, name, question);
    const asideId = newId();
    const paths = store.paths.session(id).aside(asideId);
    const chosenModel = (isOwn ? workingAgent(facts).model : undefined) ?? agent.model;
    const cwd = await findAgentFolder(facts);
    const launch = await launchOf(agent, {
      ...{ prompt, promptFile: paths.prompt, cwd, permissionMode: 'ask' },
      aside: { policyFile: paths.policy },
      ...(chosenModel === undefined ? {} : { model: chosenModel }),
      ...(native === undefined ? {} : { resumes: native }),
    });
    const configured = configuredEnvironment(name, current.agents);
    const driverEnvironment = { ...agent.environment, ...launch.environment };
    const bootstrap: RunBootstrap = {
      ...commonBootstrap(this.#options, facts, asideId),
      ...{ agent: name, driver: agent.driver, argv: launch.argv, cwd, permissionMode: 'ask', prompt },
      environment: [...new Set([...Object.keys(configured), ...Object.keys(driverEnvironment)])],
      driverEnvironment,
      promptInArguments: launch.promptInArguments,
      aside: { question, askedAt: new Date().toISOString() },
      ...(await runBudget(this.#options, facts, false)),
      ...(chosenModel === undefined ? {} : { model: chosenModel }),
      ...(native === undefined ? {} : { resumes: native }),
    };
    // The mark comes first, so that no aside is ever missing from a search.
    await makeDirectory(store.paths.asides);
    await replaceFile(join(store.paths.asides, id), Buffer.alloc(0));
    await makeDirectory(paths.root);
    if (launch.policy !== undefined) await replaceFile(paths.policy, Buffer.from(launch.policy));
    try {
      await launcher.launch({
        run: paths,
        bootstrap,
        environment: { ...process.env, ...configured, ...driverEnvironment },
      });
    } catch (error) {
      await rm(paths.root, { recursive: true, force: true });
      throw error;
    }
    void this.#followToEnd(id, asideId);
    return asideId;
  }

  /** What it uses counts for its session, also where nobody looks at the timeline. */
  async #followToEnd(id: string, asideId: string): Promise<void> {
    const ended = new AbortController();
    await this.follow(id, ended.signal, (asides) => {
      if (asides.find((each) => each.id === asideId)?.state !== 'answering') ended.abort();
    });
  }

  /** Who answers, and how. `isOwn` where it is the agent that works on the session. */
  async #answerer(facts: SessionFacts, other?: string) {
    requireHere(facts);
    const { settings, bundles } = this.#options;
    const working = workingAgent(facts);
    const name = other ?? working.name;
    const isOwn = name === working.name;
    const argv = isOwn && working.argv !== undefined ? { argv: working.argv } : {};
    const agent = await resolveAgent(name, { agents: settings().agents, bundles, ...argv });
    const means = (await driverFor(agent.driver)).asides?.([agent.program, ...agent.programArguments]);
    if (means !== undefined) return { name, isOwn, agent, means };
    throw new CorralError(
      'INVALID_ARGUMENT',
      agent.driver === 'command'
        ? l10n.t('“{agent}” runs a command, which cannot be asked. Let another agent answer.', { agent: name })
        : l10n.t('“{agent}” has no known way to answer without being able to change files. Let another agent answer.', {
            agent: name,
          }),
    );
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
