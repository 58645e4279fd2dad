import { relative, sep } from 'node:path';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { isInside } from '../../common/isInside';
import type { CorralApi, SessionSummary } from '../../supervisor/api';
import { hasBegun } from '../sessionPredicates';
import { worktreeFolder } from '../text/worktreeLabels';
import type { ReviewComment } from './reviewMessage';
import { reviewMessage } from './reviewMessage';
import { revisionOf } from './revisionFiles';

const CONTROLLER = 'corral.review';

const threadSchema = v.custom<vscode.CommentThread>((value) =>
  v.is(v.looseObject({ uri: v.custom((uri) => uri instanceof vscode.Uri), comments: v.array(v.unknown()) }), value),
);
const replySchema = v.object({ thread: threadSchema, text: v.string() });

/** What review comments need of the supervisor. */
export type CommentsSource = Pick<CorralApi, 'listSessions' | 'sendMessage'>;

/**
 * Comments on the files of sessions, in a diff or in the files themselves.
 * They stay in this window until all of a session's are sent to its agent, as one message.
 */
export class ReviewComments implements vscode.Disposable {
  readonly #controller = vscode.comments.createCommentController(CONTROLLER, vscode.l10n.t('Corral Review'));
  readonly #source: CommentsSource;
  readonly #threads = new Map<vscode.CommentThread, { sessionId: string; comment: ReviewComment }>();

  constructor(source: CommentsSource) {
    this.#source = source;
    this.#controller.options = {
      prompt: vscode.l10n.t('A comment for the agent'),
      placeHolder: vscode.l10n.t('What should the agent change here?'),
    };
    this.#controller.commentingRangeProvider = {
      provideCommentingRanges: async (document) => {
        const session = await this.#sessionOf(document.uri);
        return session === undefined ? [] : [new vscode.Range(0, 0, Math.max(0, document.lineCount - 1), 0)];
      },
    };
  }

  /** Keeps what a person wrote on some lines; `argument` is what VS Code's comment box passes. */
  async add(argument: unknown): Promise<void> {
    const { thread, text } = v.parse(replySchema, argument);
    const session = await this.#sessionOf(thread.uri);
    if (session === undefined || text.trim() === '') return;
    const known = this.#threads.get(thread)?.comment;
    const document = await vscode.workspace.openTextDocument(thread.uri);
    const [firstLine, lastLine] = [thread.range?.start.line ?? 0, thread.range?.end.line ?? 0];
    const quoted = document.getText(
      new vscode.Range(firstLine, 0, lastLine, document.lineAt(Math.min(lastLine, document.lineCount - 1)).text.length),
    );
    const path = relative(worktreeFolder(session), thread.uri.fsPath).split(sep).join('/');
    const comment =
      known === undefined
        ? { path, firstLine: firstLine + 1, lastLine: lastLine + 1, quoted, text }
        : { ...known, text: `${known.text}\n${text}` };
    this.#threads.set(thread, { sessionId: session.id, comment });
    thread.comments = [
      ...thread.comments,
      { body: text, mode: vscode.CommentMode.Preview, author: { name: vscode.l10n.t('You') } },
    ];
    thread.label = vscode.l10n.t('Not sent yet, for “{title}”', { title: session.title });
    thread.collapsibleState = vscode.CommentThreadCollapsibleState.Expanded;
  }

  /** Removes a comment that was not sent; `argument` is the thread that VS Code passes. */
  discard(argument: unknown): void {
    const thread = v.parse(threadSchema, argument);
    this.#threads.delete(thread);
    thread.dispose();
  }

  /** Sessions with comments that were not sent. */
  sessionIds(): Set<string> {
    return new Set([...this.#threads.values()].map(({ sessionId }) => sessionId));
  }

  /** The session that the comment is about; undefined where the argument is no comment. */
  sessionIdOf(argument: unknown): string | undefined {
    return v.is(threadSchema, argument) ? this.#threads.get(argument)?.sessionId : undefined;
  }

  /**
   * Sends all comments on a session to its agent, and then removes them.
   * What is written meanwhile belongs to the next review.
   *
   * @returns how many there were
   */
  async send(sessionId: string): Promise<number> {
    const entries = [...this.#threads].filter(([, each]) => each.sessionId === sessionId);
    for (const [thread] of entries) this.#threads.delete(thread); // a second call must not send them again
    try {
      await this.#source.sendMessage(sessionId, reviewMessage(entries.map(([, { comment }]) => comment)));
    } catch (error) {
      for (const [thread, { comment }] of entries) {
        const later = this.#threads.get(thread)?.comment.text;
        this.#threads.set(thread, {
          sessionId,
          comment: later === undefined ? comment : { ...comment, text: `${comment.text}\n${later}` },
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
    const revision = revisionOf(uri);
    if (uri.scheme !== 'file' && revision === undefined) return undefined;
    const sessions = await this.#source.listSessions();
    return sessions.find((session) => {
      // What a session on another host changed is here in git alone; its base is what it did not change.
      const isWork =
        session.host === undefined ? revision === undefined : ![undefined, session.baseCommit].includes(revision);
      return isWork && hasBegun(session) && isInside(uri.fsPath, worktreeFolder(session));
    });
  }
}
