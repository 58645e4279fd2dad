import * as l10n from '@vscode/l10n';
import type { Aside } from '../storage/asides';
import { CorralError } from '../storage/errors';
import type { SessionEvent } from '../storage/events';
import type {
  AgentOffers,
  AgentSummary,
  CorralApi,
  DeleteOptions,
  MessageOptions,
  HistoryPage,
  PermissionAnswer,
  SessionRequest,
  SessionSummary,
} from './api';
import { pathOf } from '../common/folderPath';
import { readOffers } from '../storage/store/keptOffers';
import { findRepository } from './git/repository';
import { resolveAgent } from './agents/agentRegistry';
import { summarizeAgents } from './agents/agentDetection';
import type { HistoryArchive, HistorySearchQuery } from './history/historyArchive';
import { readHistoryPage, type HistoryPageQuery } from './history/historyPage';
import type { ExportFormat } from './history/sessionExport';
import type { SessionPatch } from './history/sessionPatch';
import { SessionTimeline } from './history/sessionTimeline';
import type { NativeSessions } from './imports/nativeSessions';
import { newAttachmentsOf, readKept } from './lifecycle/newAttachments';
import type { CommandConsents } from './lifecycle/commandConsents';
import { listingOf } from './lifecycle/listing';
import type { WorktreeControl } from './lifecycle/worktreeControl';
import type { WorktreeInventory } from './lifecycle/worktreeInventory';
import { OpenStore } from './openStore';
import type { GoneQuestion } from './runs/gone/goneQuestion';
import type { RunProcesses } from './runs/runProcesses';
import type { TerminalCommand } from './runs/terminalCommand';
import { requirePrompt } from './sessions/sessionErrors';
import { publishOnce } from '../storage/journal/publishedFile';

/** Corral without VS Code: everything that can be done with the sessions of one store. Any number may share a store. */
export class Supervisor extends OpenStore implements CorralApi {
  readonly version = 1;

  async createSession(request: SessionRequest): Promise<SessionSummary> {
    requirePrompt(request.prompt);
    const { creator, remoteSessions, runControl, model, queue } = await this.writable();
    const maker = request.host === undefined ? creator : remoteSessions;
    // One that waits for others starts later.
    if (maker === creator && (request.dependsOn ?? []).length === 0) queue.expectRun();
    const id = await maker.create(request, async (sessionId) => {
      const { prompt, attachments } = model.facts(sessionId);
      await runControl.enqueue(sessionId, { prompt, attachments });
    });
    await maker.startOrDiscard(id, async () => await runControl.startQueued(id));
    return model.summary(id);
  }

  /**
   * To be called when somebody begins to write a prompt, so that the worktree is there when they end. Never rejects for
   * a reason that would not keep a session from being made.
   *
   * @throws UNTRUSTED, STORE_READ_ONLY
   */
  async prepareSession(request: Pick<SessionRequest, 'repository' | 'base'>): Promise<void> {
    await (await this.writable()).spares.prepare(request);
  }

  async listSessions(filter: { repository?: string; archived?: boolean } = {}): Promise<SessionSummary[]> {
    return await (await this.startUp.listed).model.list(await listingOf(filter));
  }

  async getSession(id: string): Promise<SessionSummary> {
    return (await this.known(id)).model.summary(id);
  }

  /** As `getSession`, with all that is on the disk now, also where another process has just written it. */
  async latestSession(id: string): Promise<SessionSummary> {
    const { store, model } = await this.known(id);
    await store.sync(id);
    return model.summary(id);
  }

  async listSessionHistory(id: string, query: HistoryPageQuery = {}): Promise<HistoryPage> {
    const { store } = await this.known(id);
    return await readHistoryPage(store.index, id, query);
  }

  /** The recorded events of the session. Throws SESSION_NOT_FOUND. */
  async timeline(id: string): Promise<SessionTimeline> {
    return new SessionTimeline(await this.known(id), id);
  }

  async *searchHistory(
    text: string,
    query: HistorySearchQuery = {},
  ): AsyncGenerator<{ sessionId: string; event: SessionEvent; aside?: true }> {
    yield* (await this.archive()).search(text, query);
  }

  async exportSession(id: string, format: ExportFormat, target: string): Promise<void> {
    await (await this.known(id)).archive.export(id, format, target);
  }

  /** Erases everything that was recorded of a deleted session. Throws RUNNING, or CONFLICT where it is not deleted. */
  async eraseHistory(id: string, options?: DeleteOptions): Promise<void> {
    await (await this.changeable(id)).archive.erase(id, options);
  }

  /** Everything that was recorded, for checking, measuring and searching. */
  async archive(): Promise<HistoryArchive> {
    return (await this.startUp.read).archive;
  }

  /** The processes that run for sessions now. */
  async processes(): Promise<RunProcesses> {
    return (await this.startUp.listed).processes;
  }

  async getConversation(id: string): ReturnType<CorralApi['getConversation']> {
    return await (await this.known(id)).store.index.query(id, 'conversation', {});
  }

  async getAgentSession(id: string): Promise<{ nativeSessionId: string; backendType: string }> {
    return await (await this.known(id)).store.agentSession(id);
  }

  async sendMessage(id: string, text: string, { attachments = [] }: MessageOptions = {}): Promise<void> {
    requirePrompt(text);
    const { store, runControl } = await this.changeable(id);
    await runControl.send(id, text, await newAttachmentsOf(store.paths, attachments));
  }

  async readAttachment(id: string, attachmentId: string): Promise<Uint8Array> {
    return await readKept((await this.known(id)).store.paths, id, attachmentId);
  }

  async listAgents(): Promise<AgentSummary[]> {
    await this.writable();
    return await summarizeAgents(this.resolving());
  }

  async agentOffers(agent: string, repository: string): Promise<AgentOffers> {
    const { store } = await this.writable();
    await resolveAgent(agent, this.resolving());
    const { mainWorktree } = await findRepository(this.git, pathOf(repository));
    return await readOffers(store.paths, agent, mainWorktree);
  }

  async answerPermission(id: string, requestId: string, answer: PermissionAnswer): Promise<void> {
    await (await this.changeable(id)).runControl.answerPermission(id, requestId, answer);
  }

  /** True in the one window that shows the notification of a permission request. */
  async claimNotification(id: string, runId: string, requestId: string): Promise<boolean> {
    const { store } = await this.known(id);
    return await publishOnce(store.paths.session(id).run(runId).notificationClaim(requestId), '');
  }

  async interrupt(id: string): Promise<void> {
    await (await this.changeable(id)).runControl.interrupt(id);
  }

  async stop(id: string): Promise<void> {
    await (await this.changeable(id)).runControl.stop(id);
  }

  async kill(id: string): Promise<void> {
    await (await this.changeable(id)).runControl.kill(id);
  }

  async markAsGone(id: string): Promise<void> {
    await (await this.changeable(id)).gone.mark(id);
  }

  /** What a person can say to be gone of this session; undefined where there is nothing. */
  async goneQuestion(id: string): Promise<GoneQuestion | undefined> {
    return await (await this.known(id)).gone.question(id);
  }

  async resume(id: string, text?: string): Promise<void> {
    await (await this.changeable(id)).runControl.resume(id, text);
  }

  async continueHere(id: string): Promise<void> {
    const { remoteSessions, runControl } = await this.changeable(id);
    await remoteSessions.continueHere(id, async () => await runControl.stop(id));
  }

  async moveToHost(id: string, host: string): Promise<string[]> {
    return await (await this.changeable(id)).remoteSessions.moveToHost(id, host);
  }

  async forwardPort(id: string, port: number): ReturnType<CorralApi['forwardPort']> {
    return await (await this.changeable(id)).remoteSessions.forwardPort(id, port);
  }

  async handOver(id: string, { agent, model, prompt }: Parameters<CorralApi['handOver']>[1]): Promise<void> {
    if (prompt !== undefined) requirePrompt(prompt);
    const { runControl } = await this.changeable(id);
    await runControl.handOver(id, agent, model, prompt ?? (await this.handOverPrompt(id)));
  }

  async handOverPrompt(id: string): Promise<string> {
    return await (await this.changeable(id)).handOverPrompt(id);
  }

  async askAside(id: string, question: string, { agent }: { agent?: string } = {}): Promise<{ asideId: string }> {
    requirePrompt(question);
    return { asideId: await (await this.changeable(id)).asides.ask(id, question, agent) };
  }

  /** Why the session's own agent cannot be asked beside its work, in a sentence; undefined where it can. */
  async asideProblem(id: string): Promise<string | undefined> {
    return await (await this.known(id)).asides.problem(id);
  }

  async listAsides(id: string): Promise<Aside[]> {
    return await (await this.known(id)).asides.list(id);
  }

  /** Gives the asides of the session now and each time that they change, until `signal` is aborted. */
  async followAsides(id: string, signal: AbortSignal, onAsides: (asides: Aside[]) => void): Promise<void> {
    await (await this.known(id)).asides.follow(id, signal, onAsides);
  }

  async cancelAside(id: string, asideId: string): Promise<void> {
    await (await this.changeable(id)).asides.cancel(id, asideId);
  }

  async terminalCommand(id: string): Promise<TerminalCommand> {
    return await (await this.changeable(id)).runControl.terminalCommand(id);
  }

  async startNow(id: string): Promise<void> {
    await (await this.changeable(id)).queue.startNow(id);
  }

  async waitForLimit(id: string): Promise<void> {
    await (await this.changeable(id)).limitWaits.accept(id);
  }

  async moveInQueue(id: string, position: number): Promise<void> {
    await (await this.changeable(id)).queue.move(id, position);
  }

  async setDependencies(id: string, dependsOn: string[]): Promise<void> {
    await (await this.changeable(id)).queue.setDependencies(id, dependsOn);
  }

  async renameSession(id: string, title: string): Promise<void> {
    if (title.trim() === '') throw new CorralError('INVALID_ARGUMENT', l10n.t('Type a title for the session.'));
    const { store } = await this.writable();
    await store.append(id, () => ({ kind: 'renamed', data: { title: title.trim() } }));
  }

  async archiveSession(id: string, archived: boolean): Promise<void> {
    await (await this.worktree(id)).archive(archived);
  }

  async deleteSession(id: string, options?: DeleteOptions): Promise<void> {
    await (await this.worktree(id)).delete(options);
  }

  async undoDelete(id: string): Promise<void> {
    await (await this.worktree(id)).undoDelete();
  }

  async restoreWorktree(id: string): Promise<void> {
    await (await this.worktree(id)).restore();
  }

  /** For commands on this session's worktree. Throws SESSION_NOT_FOUND, UNTRUSTED, STORE_READ_ONLY. */
  async worktree(id: string): Promise<WorktreeControl> {
    return await (await this.changeable(id)).worktree(id);
  }

  /** The session's whole change against its base, as text. Throws as `worktree`, and WORKTREE_MISSING. */
  async patch(id: string, options: { path?: string; signal: AbortSignal }): Promise<SessionPatch> {
    const parts = await this.changeable(id);
    const { readSessionPatch } = await import('./history/sessionPatch');
    return await readSessionPatch(parts, id, options);
  }

  /** All worktrees of the store, once interrupted operations had time to finish. Throws UNTRUSTED, STORE_READ_ONLY. */
  async inventory(): Promise<WorktreeInventory> {
    const { inventory } = await this.writable();
    await this.startUp.completeOrLate();
    return await inventory();
  }

  /** What people said to commands that workspaces name. Throws UNTRUSTED, STORE_READ_ONLY. */
  async consents(): Promise<CommandConsents> {
    return (await this.writable()).consents;
  }

  /** Sessions that agents had without Corral. Throws UNTRUSTED, STORE_READ_ONLY. */
  async nativeSessions(): Promise<NativeSessions> {
    const { nativeSessions } = await this.writable();
    return await nativeSessions();
  }
}
