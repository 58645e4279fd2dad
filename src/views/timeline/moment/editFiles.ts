import { posix } from 'node:path';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { applyDiff, sidesOf } from '../../../common/diff/applyDiff';
import { parseUnifiedDiff } from '../../../common/diff/unifiedDiff';
import type { SessionEvent } from '../../../storage/events';
import { ReadOnlyFiles } from '../../readOnlyFiles';
import { revisionUri } from '../../review/revisionFiles';
import { worktreeFolder } from '../../text/worktreeLabels';
import type { LinkedEvent } from '../eventLink';
import { snapshotAt } from './momentReader';
import type { TimelineSource } from '../timelineSource';

const SCHEME = 'corral-edit';
/** In the query of an address, so that its path is the file's own, as people read it. */
const placeSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    sessionId: v.string(),
    runId: v.string(),
    seq: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    side: v.picklist(['before', 'after']),
  }),
);
/** More edits of a file since its last snapshot are not applied one by one. */
const MAX_EDITS = 200;

type FileEdit = Extract<SessionEvent, { kind: 'file.change' }>;

/** A file before and after one edit of an agent, read-only: made from the snapshot before it and the recorded edits. */
export class EditFiles extends ReadOnlyFiles {
  readonly #source: TimelineSource;

  private constructor(source: TimelineSource) {
    super();
    this.#source = source;
  }

  static register(source: TimelineSource): vscode.Disposable {
    return vscode.workspace.registerFileSystemProvider(SCHEME, new EditFiles(source), {
      isReadonly: true,
      isCaseSensitive: true,
    });
  }

  /** Opens the edit in VS Code's diff editor, as a preview in the same group. */
  static async open(source: TimelineSource, { sessionId, runId, seq }: LinkedEvent): Promise<void> {
    const { data } = await editAt(source, { sessionId, runId, seq });
    const name = data.path.replaceAll('\\', '/');
    const fileOf = (side: 'before' | 'after'): vscode.Uri =>
      vscode.Uri.from({
        scheme: SCHEME,
        path: posix.normalize(`/${name}`),
        query: JSON.stringify({ sessionId, runId, seq, side }),
      });
    const title = vscode.l10n.t('{file} (edit at event {seq})', { file: posix.basename(name), seq });
    await vscode.commands.executeCommand('vscode.diff', fileOf('before'), fileOf('after'), title, { preview: true });
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const parsed = v.safeParse(placeSchema, uri.query);
    if (!parsed.success) throw vscode.FileSystemError.FileNotFound(uri);
    const { sessionId, runId, seq, side } = parsed.output;
    try {
      const edit = await editAt(this.#source, { sessionId, runId, seq });
      return new TextEncoder().encode((await this.#sides(sessionId, edit))[side]);
    } catch {
      throw vscode.FileSystemError.FileNotFound(uri);
    }
  }

  /** The whole file before and after the edit; only the parts that are recorded where it cannot be made again. */
  async #sides(sessionId: string, edit: FileEdit): Promise<{ before: string; after: string }> {
    const hunks = parseUnifiedDiff(edit.data.diff ?? '');
    const parts = sidesOf(hunks);
    if (edit.data.change === 'added') return { before: '', after: parts.after };
    if (edit.data.change === 'deleted') return { before: parts.before, after: '' };
    const before = await this.#fileBefore(sessionId, edit).catch(() => undefined);
    const after = before === undefined ? undefined : applyDiff(before, hunks);
    return before === undefined || after === undefined ? parts : { before, after };
  }

  async #fileBefore(sessionId: string, { runId, seq, data }: FileEdit): Promise<string | undefined> {
    const session = await this.#source.getSession(sessionId);
    const snapshot = await snapshotAt(this.#source, sessionId, { runId, seq });
    const bytes = await vscode.workspace.fs.readFile(
      revisionUri(worktreeFolder(session), data.path, session.repository, snapshot?.commit ?? session.baseCommit),
    );
    const timeline = await this.#source.timeline(sessionId);
    const fromSeq = snapshot?.runId === runId ? snapshot.seq : 1;
    const { seqs } = await timeline.query('findEvents', {
      runId,
      fromSeq,
      toSeq: seq,
      text: '',
      failed: false,
      tool: '',
      file: data.path,
      kinds: ['file.change'],
    });
    const earlier = seqs.filter((each) => each < seq);
    if (earlier.length > MAX_EDITS) return undefined;
    let text: string | undefined = new TextDecoder().decode(bytes);
    for (const each of earlier) {
      const edit = await editAt(this.#source, { sessionId, runId, seq: each });
      if (edit.data.path === data.path && text !== undefined)
        text = applyDiff(text, parseUnifiedDiff(edit.data.diff ?? ''));
    }
    return text;
  }
}

/** @throws where the event is no edit with a diff */
async function editAt(source: TimelineSource, { sessionId, runId, seq }: LinkedEvent): Promise<FileEdit> {
  const timeline = await source.timeline(sessionId);
  const [event] = await timeline.query('runEvents', { runId, fromSeq: seq, limit: 1 });
  if (event?.seq !== seq || event.kind !== 'file.change' || event.data.diff === undefined)
    throw new Error(vscode.l10n.t('What this edit changed was not recorded.'));
  if (event.data.blobs?.['/diff'] === undefined) return event;
  const diff = await timeline.payload(runId, seq, 'diff');
  return { ...event, data: { ...event.data, diff } };
}
