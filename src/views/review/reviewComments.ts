import { relative, sep } from 'node:path';
import * as v from 'valibot';
import * as vscode from 'vscode';
import type { SessionSummary } from '../../supervisor/api';
import type { Supervisor } from '../../supervisor/supervisor';
import type { ReviewRemark } from './reviewMessage';
import { reviewMessage } from './reviewMessage';

const CONTROLLER = 'corral.review';

const threadSchema = v.custom<vscode.CommentThread>((value) =>
  v.is(v.looseObject({ uri: v.custom((uri) => uri instanceof vscode.Uri), comments: v.array(v.unknown()) }), value),
);
const replySchema = v.object({ thread: threadSchema, text: v.string() });

/**
 * Remarks on the files of a session, in its diff or in the files themselves. They stay in this window until they are sent to the agent, all of one session
 * as one follow-up.
 */
export class ReviewComments implements vscode.Disposable {
  readonly #controller = vscode.comments.createCommentController(CONTROLLER, 'Corral Review');
  readonly #supervisor: Supervisor;
  readonly #threads = new Map<vscode.CommentThread, { sessionId: string; remark: ReviewRemark }>();

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
    this.#controller.options = { prompt: 'A remark for the agent', placeHolder: 'What should the agent change here?' };
    this.#controller.commentingRangeProvider = {
      provideCommentingRanges: async (document) => {
        const session = await this.#sessionOf(document.uri);
        return session === undefined ? [] : [new vscode.Range(0, 0, Math.max(0, document.lineCount - 1), 0)];
      },
    };
  }

  /** Keeps what a person wrote below some lines; `argument` is what VS Code's comment box passes. */
  async add(argument: unknown): Promise<void> {
    const { thread, text } = v.parse(replySchema, argument);
    const session = await this.#sessionOf(thread.uri);
    if (session === undefined || text.trim() === '') return;
    const known = this.#threads.get(thread)?.remark;
    const document = await vscode.workspace.openTextDocument(thread.uri);
    const [firstLine, lastLine] = [thread.range?.start.line ?? 0, thread.range?.end.line ?? 0];
    const quoted = document.getText(
      new vscode.Range(firstLine, 0, lastLine, document.lineAt(Math.min(lastLine, document.lineCount - 1)).text.length),
    );
    const path = relative(session.worktreePath, thread.uri.fsPath).split(sep).join('/');
    const remark =
      known === undefined
        ? { path, firstLine: firstLine + 1, lastLine: lastLine + 1, quoted, text }
        : { ...known, text: `${known.text}\n${text}` };
    this.#threads.set(thread, { sessionId: session.id, remark });
    thread.comments = [...thread.comments, { body: text, mode: vscode.CommentMode.Preview, author: { name: 'You' } }];
    thread.label = `Not sent yet, for “${session.title}”`;
    thread.collapsibleState = vscode.CommentThreadCollapsibleState.Expanded;
  }

  /** Takes a remark away that was not sent; `argument` is the thread that VS Code passes. */
  discard(argument: unknown): void {
    const thread = v.parse(threadSchema, argument);
    this.#threads.delete(thread);
    thread.dispose();
  }

  /** Of which sessions there are remarks that were not sent. */
  sessionIds(): Set<string> {
    return new Set([...this.#threads.values()].map(({ sessionId }) => sessionId));
  }

  /** Whose remark this is; undefined where it is none. */
  sessionIdOf(argument: unknown): string | undefined {
    return v.is(threadSchema, argument) ? this.#threads.get(argument)?.sessionId : undefined;
  }

  /** Sends all remarks on one session to its agent; only then do they go. What is written meanwhile is the next review. Answers with how many there were. */
  async send(sessionId: string): Promise<number> {
    const entries = [...this.#threads].filter(([, each]) => each.sessionId === sessionId);
    for (const [thread] of entries) this.#threads.delete(thread); // who asks again meanwhile does not send them twice
    try {
      await this.#supervisor.sendMessage(sessionId, reviewMessage(entries.map(([, { remark }]) => remark)));
    } catch (error) {
      for (const [thread, { remark }] of entries) {
        const later = this.#threads.get(thread)?.remark.text;
        this.#threads.set(thread, {
          sessionId,
          remark: later === undefined ? remark : { ...remark, text: `${remark.text}\n${later}` },
        });
      }
      throw error;
    }
    for (const [thread] of entries) if (!this.#threads.has(thread)) thread.dispose();
    return entries.length;
  }

  dispose(): void {
    this.#controller.dispose();
  }

  async #sessionOf(uri: vscode.Uri): Promise<SessionSummary | undefined> {
    if (uri.scheme !== 'file') return undefined;
    const sessions = await this.#supervisor.listSessions();
    return sessions.find(
      ({ worktreePath, runs }) => worktreePath !== '' && runs.length > 0 && uri.fsPath.startsWith(worktreePath + sep),
    );
  }
}
